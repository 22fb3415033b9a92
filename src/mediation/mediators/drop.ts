/** `drop`: the message ends here (DropMediator). A client that nothing else answers gets 202 without a body. */
import type { Message } from "../message/message.ts";
import type { Mediator } from "./mediator.ts";

export class DropMediator implements Mediator {
  readonly kind = "drop";

  mediate(message: Message): boolean {
    delete message.addressing.To;
    return false;
  }
}
