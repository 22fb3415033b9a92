/** `respond`: sends the current message back to the client at once, from any flow (RespondMediator). */
import type { Message } from "../message/message.ts";
import type { Mediator, Verdict } from "./mediator.ts";

export class RespondMediator implements Mediator {
  readonly kind = "respond";

  mediate(message: Message): Verdict {
    message.becomeResponse();
    return message.exchange.answer(message)?.then(() => false) ?? false;
  }
}
