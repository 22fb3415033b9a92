/**
 * The last traces of a node and who may ask for one: artifacts with trace="enable", and requests with a token in the header
 * X-Bascule-Trace, which admins get from the management port. The worker owns the ring; it outlives generations. Without
 * a live token no header is looked at, so that a node where nobody traces pays one comparison a request.
 */
import { randomBytes, randomUUID } from "node:crypto";
import type { Clock } from "../../runtime/clock.ts";
import type { Message } from "../message/message.ts";
import { MessageTrace } from "./message-trace.ts";

export const TRACE_HEADER = "X-Bascule-Trace";

/** Traces that are kept; the oldest goes. With CHARS_MAX of a trace this bounds the memory of all to 50 MB. */
const TRACES_MAX = 100;
/** Tokens that are live at once; the oldest goes. */
const TOKENS_MAX = 10;
const TOKEN_MS = 600_000;

export interface TraceToken {
  readonly token: string;
  /** Milliseconds until it ends. */
  readonly expiresInMs: number;
}

export class TraceRing {
  readonly #clock: Clock;
  readonly #traces: MessageTrace[] = [];
  #tokens: { readonly token: string; readonly untilMs: number }[] = [];
  #tokensUntilMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The traces, newest first. */
  get traces(): readonly MessageTrace[] {
    return this.#traces.toReversed();
  }

  find(id: string): MessageTrace | undefined {
    return this.#traces.find(({ head }) => head.id === id);
  }

  /** A new token for the header X-Bascule-Trace. */
  issueToken(): TraceToken {
    const token = randomBytes(24).toString("base64url");
    this.#tokensUntilMs = this.#clock.monotonicMs() + TOKEN_MS;
    this.#tokens = [...this.#tokens, { token, untilMs: this.#tokensUntilMs }].slice(-TOKENS_MAX);
    return { token, expiresInMs: TOKEN_MS };
  }

  /** Begins a trace when the request has a live token, which it then loses: it is not for endpoints. */
  beginIfAsked(message: Message): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs > this.#tokensUntilMs) return;
    const given = message.headers.get(TRACE_HEADER);
    if (given === undefined) return;
    if (!this.#tokens.some(({ token, untilMs }) => token === given && nowMs <= untilMs)) return;
    message.headers.remove(TRACE_HEADER);
    this.begin(message, "header");
  }

  /** Begins a trace for the exchange of a message; an exchange has one at most. */
  begin(message: Message, askedBy: string): void {
    const { exchange } = message;
    if (exchange.trace) return;
    const { method, target } = exchange.request;
    const head = {
      id: randomUUID(),
      atMs: this.#clock.wallMs(),
      method,
      path: target.split("?", 1)[0] ?? "",
      service: exchange.serviceName,
      askedBy,
    };
    exchange.trace = new MessageTrace(head, this.#clock);
    this.#traces.push(exchange.trace);
    if (this.#traces.length > TRACES_MAX) this.#traces.shift();
  }
}
