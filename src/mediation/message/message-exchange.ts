/**
 * One client request from arrival to answer, as messages see it. Several messages (the request, responses of
 * endpoints) belong to one exchange; the first answer wins.
 */
import type { Log } from "../../observability/log.ts";
import type { ServiceRequest } from "../engine.ts";
import type { Message } from "./message.ts";
import type { MessageBody } from "./message-body.ts";
import type { Verdict } from "../mediators/mediator.ts";
import type { CacheMiss } from "../mediators/response-cache.ts";
import type { PropertyValue } from "./property-value.ts";
import type { MessageTrace } from "../trace/message-trace.ts";

/** Copies that one request may bring about, those of splits inside splits included. */
export const COPIES_MAX = 100_000;

export interface MessageExchange {
  readonly request: ServiceRequest;
  /** The "operation" property scope: shared by both directions. */
  readonly operation: Map<string, PropertyValue>;
  /** Name of the proxy service, undefined in the main sequence. */
  readonly serviceName: string | undefined;
  /** Where faults of the service are logged. Undefined: in the engine's log. */
  readonly serviceLog?: Log | undefined;
  /** Sends the message back to the client. A second answer is logged and dropped. */
  answer(message: Message): Promise<void> | undefined;
  /** Answers 202 without a body at once; mediation goes on behind it. */
  accept(): void;
  /** Answers with a status and no body. */
  refuse(status: number): void;
  /** What the client gets where nobody answers. Default: 202. */
  unanswered(status: number): void;
  /** A fault met the message; the outcome of its service says so, once. */
  noteFault(): void;
  /** Mediates a response that has no sequence of its own: out sequence, or `main`. */
  receive(response: Message): Verdict;
  /** A body whose bytes must be thrown away at the end unless the client gets them. */
  track(body: MessageBody): void;
  /** The exchange does not end before this work: copies that run beside the message, groups that wait for their time. */
  hold(work: Promise<unknown>): void;
  /** Counts a copy that clone or iterate makes. @throws MediationFault beyond COPIES_MAX. */
  countCopy(): void;
  /** Called once, when mediation is over and the client has its answer. */
  atEnd(action: () => void): void;
  /** The response of an endpoint that a cache mediator waits for. */
  cacheMiss?: CacheMiss | undefined;
  /** Keeps what mediators do, where somebody asked for it. */
  trace?: MessageTrace | undefined;
}
