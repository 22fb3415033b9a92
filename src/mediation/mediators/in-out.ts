/** `in` and `out`: children that run for messages of one direction only (InMediator, OutMediator). */
import type { Direction, Message } from "../message/message.ts";
import { mediateAll, type Mediator, type MediatorList, type Verdict } from "./mediator.ts";

export class DirectionMediator implements Mediator {
  readonly kind: "in" | "out";
  readonly #direction: Direction;
  readonly #children: MediatorList;

  constructor(kind: "in" | "out", children: MediatorList) {
    this.kind = kind;
    this.#direction = kind === "in" ? "request" : "response";
    this.#children = children;
  }

  mediate(message: Message): Verdict {
    if (message.direction !== this.#direction) return true;
    return mediateAll(this.#children, message);
  }
}
