/** `loopback`: moves a request to the out flow as if it were the response (LoopBackMediator); a response ends with it. */
import type { Message } from "../message/message.ts";
import type { Mediator } from "./mediator.ts";

export class LoopbackMediator implements Mediator {
  readonly kind = "loopback";

  async mediate(message: Message): Promise<boolean> {
    if (message.direction === "response") return false;
    message.becomeResponse();
    await message.exchange.receive(message);
    return false;
  }
}
