/** `propertyGroup`: several properties as one mediator (PropertyGroupMediator). */
import type { Message } from "../message/message.ts";
import { mediateAll, type Mediator, type MediatorList, type Verdict } from "./mediator.ts";

export class PropertyGroupMediator implements Mediator {
  readonly kind = "propertyGroup";
  readonly #properties: MediatorList;

  constructor(properties: MediatorList) {
    this.#properties = properties;
  }

  mediate(message: Message): Verdict {
    return mediateAll(this.#properties, message);
  }
}
