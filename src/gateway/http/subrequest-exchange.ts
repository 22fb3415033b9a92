/**
 * The exchange of a request that the gateway makes of itself, on behalf of a client's (`auth_request`): the client's
 * header without a body; of the answer only the head counts.
 */
import { Readable } from "node:stream";
import type {
  ConnectionFacts,
  Exchange,
  RequestHead,
  ResponseBody,
  ResponseHead,
} from "./exchange.ts";

/** Fields that belong to the body of the client's request, or to its connection. */
const LEFT_OUT = new Set(["content-length", "transfer-encoding", "expect", "upgrade", "range"]);

export class SubrequestExchange implements Exchange {
  readonly head: RequestHead;
  readonly connection: ConnectionFacts;
  readonly body = undefined;
  readonly wantsUpgrade = false;
  readonly isBlocked = false;
  readonly bodyBytesSent = 0;
  readonly bytesSent = 0;
  readonly requestLength = 0;
  readonly requestNumber: number;
  readonly #outer: Exchange;
  #responded = false;
  #over = false;
  #onOver: (() => void) | undefined;

  constructor(outer: Exchange) {
    this.#outer = outer;
    this.connection = outer.connection;
    this.requestNumber = outer.requestNumber;
    const fields = outer.head.fields.filter(([name]) => !LEFT_OUT.has(name.toLowerCase()));
    this.head = { ...outer.head, method: "GET", fields };
  }

  get aborted(): boolean {
    return this.#outer.aborted;
  }

  get responded(): boolean {
    return this.#responded;
  }

  /** The connection is the client's, and its bounds are those of the client's own location. */
  useLimits(): void {}

  onAbort(handler: () => void): void {
    this.#outer.onAbort(handler);
  }

  onOver(handler: () => void): void {
    if (this.#over) handler();
    else this.#onOver = handler;
  }

  /** The response that they announce goes nowhere. */
  sendEarlyHints(): void {}

  start(): void {
    this.#responded = true;
  }

  write(): boolean {
    return true;
  }

  flush(): boolean {
    return true;
  }

  whenDrained(action: () => void): void {
    action();
  }

  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#onOver?.();
  }

  breakOff(): void {
    this.end();
  }

  respond(_head: ResponseHead, body: ResponseBody): Promise<void> {
    this.start();
    if (body instanceof Readable) body.destroy();
    this.end();
    return Promise.resolve();
  }

  /** Never asked for: `wantsUpgrade` is false. */
  upgrade(): void {}

  /** `return 444`: there is no answer, which is no leave. */
  drop(): void {
    this.end();
  }
}
