/**
 * One client request from arrival to answer. The first answer settles it while mediation may go on behind; when
 * mediation ends without one, the client gets 202. Response bodies of endpoints that nobody read are
 * thrown away at the end.
 */
import type { Log } from "../../observability/log.ts";
import type { HeaderList, ServiceRequest, ServiceResponse } from "../engine.ts";
import { MediationFault } from "../mediation-fault.ts";
import type { Environment } from "../message/environment.ts";
import type { Message } from "../message/message.ts";
import type { MessageBody } from "../message/message-body.ts";
import { COPIES_MAX, type MessageExchange } from "../message/message-exchange.ts";
import type { PropertyValue } from "../message/property-value.ts";
import type { Verdict } from "../mediators/mediator.ts";
import type { CacheMiss } from "../mediators/response-cache.ts";
import type { Tally } from "../outcomes.ts";
import type { MessageTrace } from "../trace/message-trace.ts";
import { HeldWork } from "./held-work.ts";
import { ACCEPTED, clientResponse } from "./client-response.ts";

/** What an exchange does with a response that has no sequence of its own. */
export type OutFlow = (response: Message) => Verdict;

export interface ExchangeOptions {
  readonly request: ServiceRequest;
  readonly environment: Environment;
  readonly serviceName: string | undefined;
  readonly outFlow: OutFlow;
  /** The log of the service: "SERVICE_LOGGER.P", "API_LOGGER.A". Undefined: the engine's own. */
  readonly logName?: string | undefined;
  /** Headers that every answer gets, in place of those that it has. */
  readonly answerHeaders?: HeaderList | undefined;
  /** Where the message of a service is counted. Undefined: it is no service's. */
  readonly tally?: Tally | undefined;
}

export class ClientExchange implements MessageExchange {
  readonly request: ServiceRequest;
  readonly operation = new Map<string, PropertyValue>();
  readonly serviceName: string | undefined;
  readonly #environment: Environment;
  readonly #outFlow: OutFlow;
  readonly #logName: string | undefined;
  readonly #answerHeaders: HeaderList;
  /** Undefined when the fault of the message has been counted. */
  #tally: Tally | undefined;
  readonly #outcome = Promise.withResolvers<ServiceResponse>();
  readonly #bodies: MessageBody[] = [];
  #copyCount = 0;
  readonly #work = new HeldWork();
  cacheMiss: CacheMiss | undefined;
  trace: MessageTrace | undefined;
  #settled = false;
  #unanswered = ACCEPTED;

  constructor(options: ExchangeOptions) {
    this.request = options.request;
    this.serviceName = options.serviceName;
    this.#environment = options.environment;
    this.#outFlow = options.outFlow;
    this.#logName = options.logName;
    this.#answerHeaders = options.answerHeaders ?? [];
    this.#tally = options.tally;
    if (options.tally) options.tally.messages += 1;
  }

  /** Resolves with the first answer; never rejects. */
  get response(): Promise<ServiceResponse> {
    return this.#outcome.promise;
  }

  get serviceLog(): Log {
    const { log } = this.#environment;
    return this.#logName === undefined ? log : log.child(this.#logName);
  }

  answer(message: Message): Promise<void> | undefined {
    if (this.#settled) {
      this.#environment.log.debug("The client has been answered already - message dropped");
      message.body.discard();
      return undefined;
    }
    const response = clientResponse(message, this.request);
    if (response instanceof Promise) return response.then((made) => this.#settle(made));
    this.#settle(response);
    return undefined;
  }

  /** Answers with what no message stands for. */
  respondWith(response: ServiceResponse): void {
    if (response.status >= 500) this.noteFault();
    this.#settle(response);
  }

  accept(): void {
    this.#settle(ACCEPTED);
  }

  refuse(status: number): void {
    this.respondWith({ status, headers: [], body: undefined });
  }

  noteFault(): void {
    if (this.#tally) this.#tally.faults += 1;
    this.#tally = undefined;
  }

  unanswered(status: number): void {
    this.#unanswered = { status, headers: [], body: undefined };
  }

  receive(response: Message): Verdict {
    return this.#outFlow(response);
  }

  hold(work: Promise<unknown>): void {
    this.#work.hold(work);
  }

  countCopy(): void {
    this.#copyCount += 1;
    if (this.#copyCount > COPIES_MAX) {
      const why = "a clone or iterate may call itself";
      throw new MediationFault(`More than ${COPIES_MAX} copies of one message were made: ${why}`);
    }
  }

  atEnd(action: () => void): void {
    this.#work.atEnd(action);
  }

  track(body: MessageBody): void {
    this.#bodies.push(body);
  }

  /** Mediation of the request is over; what it left behind may still answer. */
  finish(): void | Promise<void> {
    return this.#work.whenDone(() => {
      if (!this.#settled) this.respondWith(this.#unanswered);
      for (const body of this.#bodies) body.discard();
    });
  }

  #settle(response: ServiceResponse): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#outcome.resolve(withHeaders(response, this.#answerHeaders));
  }
}

function withHeaders(response: ServiceResponse, added: HeaderList): ServiceResponse {
  if (added.length === 0) return response;
  const names = new Set(added.map(([name]) => name.toLowerCase()));
  const others = response.headers.filter(([name]) => !names.has(name.toLowerCase()));
  return { ...response, headers: [...others, ...added] };
}
