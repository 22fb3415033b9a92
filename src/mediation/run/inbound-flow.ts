/**
 * The flow of a request at the port of an inbound endpoint: its sequence, with its onError sequence for faults
 * (InboundHttpServerWorker). Responses of endpoints that no sequence takes go to `main`.
 */
import type { ServiceRequest, ServiceResponse } from "../engine.ts";
import type { Environment } from "../message/environment.ts";
import { requireSequence, runSequence } from "../mediators/sequence.ts";
import { ClientExchange } from "./client-exchange.ts";
import { runGuarded } from "./fault-handling.ts";
import { requestMessage } from "./request-message.ts";
import { finishAfter } from "./service-flow.ts";

export interface InboundFlow {
  /** Name of the inbound endpoint. */
  readonly name: string;
  /** Keys of sequences. */
  readonly sequence: string;
  readonly onError: string | undefined;
}

/** Runs a request through the sequence. Never rejects. */
export function runInbound(
  flow: InboundFlow,
  request: ServiceRequest,
  environment: Environment,
): Promise<ServiceResponse> {
  const exchange = new ClientExchange({
    request,
    environment,
    serviceName: undefined,
    outFlow: (response) => runSequence(requireSequence(response, "main"), response),
  });
  const message = requestMessage(exchange, environment);
  message.properties.set("isInbound", true);
  message.properties.set("inbound.endpoint.name", flow.name);
  const own = flow.onError === undefined ? undefined : environment.sequence(flow.onError);
  const handler = own ?? environment.sequence("fault");
  if (handler) message.faultHandlers.push(handler);
  finishAfter(
    exchange,
    runGuarded(message, () => runSequence(requireSequence(message, flow.sequence), message)),
  );
  return exchange.response;
}
