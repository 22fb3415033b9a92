/**
 * One client request from arrival to answer. The first answer settles it while mediation may go on behind; when
 * mediation ends without one, the client gets 202. Response bodies of endpoints that nobody read are
 * thrown away at the end.
 */
import type { ServiceRequest, ServiceResponse } from "../engine.ts";
import type { Environment } from "../message/environment.ts";
import type { Message } from "../message/message.ts";
import type { MessageBody } from "../message/message-body.ts";
import type { MessageExchange } from "../message/message-exchange.ts";
import type { PropertyValue } from "../message/property-value.ts";
import { ACCEPTED, clientResponse, clientWireOf } from "./client-response.ts";

/** What an exchange does with a response that has no sequence of its own. */
export type OutFlow = (response: Message) => Promise<boolean>;

export interface ExchangeOptions {
  readonly request: ServiceRequest;
  readonly environment: Environment;
  readonly serviceName: string | undefined;
  readonly outFlow: OutFlow;
}

export class ClientExchange implements MessageExchange {
  readonly request: ServiceRequest;
  readonly operation = new Map<string, PropertyValue>();
  readonly serviceName: string | undefined;
  readonly #environment: Environment;
  readonly #outFlow: OutFlow;
  readonly #outcome = Promise.withResolvers<ServiceResponse>();
  readonly #bodies: MessageBody[] = [];
  #settled = false;

  constructor(options: ExchangeOptions) {
    this.request = options.request;
    this.serviceName = options.serviceName;
    this.#environment = options.environment;
    this.#outFlow = options.outFlow;
  }

  /** Resolves with the first answer; never rejects. */
  get response(): Promise<ServiceResponse> {
    return this.#outcome.promise;
  }

  async answer(message: Message): Promise<void> {
    if (this.#settled) {
      this.#environment.log.debug("The client has been answered already - message dropped");
      message.body.discard();
      return;
    }
    const response = await clientResponse(message, clientWireOf(this.request));
    this.#settle(response);
  }

  accept(): void {
    this.#settle(ACCEPTED);
  }

  refuse(status: number): void {
    this.#settle({ status, headers: [], body: undefined });
  }

  receive(response: Message): Promise<boolean> {
    return this.#outFlow(response);
  }

  track(body: MessageBody): void {
    this.#bodies.push(body);
  }

  /** Mediation is over. */
  finish(): void {
    this.#settle(ACCEPTED);
    for (const body of this.#bodies) body.discard();
  }

  #settle(response: ServiceResponse): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#outcome.resolve(response);
  }
}
