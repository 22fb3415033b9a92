/** The first mediator of a flow whose artifact has trace="enable": the rest of the exchange is traced from here on. */
import type { Mediator } from "../mediators/mediator.ts";
import type { Message } from "../message/message.ts";

export class TraceStart implements Mediator {
  readonly kind = "trace";
  readonly #askedBy: string;

  /** @param askedBy the artifact, for people: "proxy P". */
  constructor(askedBy: string) {
    this.#askedBy = askedBy;
  }

  mediate(message: Message): Promise<boolean> {
    message.environment.traces?.begin(message, this.#askedBy);
    return Promise.resolve(true);
  }
}
