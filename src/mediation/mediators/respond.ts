/** `respond`: sends the current message back to the client at once, from any flow (RespondMediator). */
import type { Message } from "../message/message.ts";
import type { Mediator } from "./mediator.ts";

export class RespondMediator implements Mediator {
  readonly kind = "respond";

  async mediate(message: Message): Promise<boolean> {
    message.becomeResponse();
    await message.exchange.answer(message);
    return false;
  }
}
