/**
 * The flows of one request: proxy service (in sequence, endpoint, out sequence, fault sequence) or `main`. Implements
 * ProxyServiceMessageReceiver and SynapseMessageReceiver.
 */
import type { ServiceRequest, ServiceResponse } from "../engine.ts";
import { MediationFault } from "../mediation-fault.ts";
import type { Sequence } from "../mediators/mediator.ts";
import { sendMessage } from "../mediators/send.ts";
import { requireSequence, runSequence } from "../mediators/sequence.ts";
import type { Environment } from "../message/environment.ts";
import type { Message } from "../message/message.ts";
import type { ProxyService, TargetFlow } from "../services/proxy-service.ts";
import { ClientExchange, type OutFlow } from "./client-exchange.ts";
import { runGuarded } from "./fault-handling.ts";
import { requestMessage } from "./request-message.ts";

/** Runs a request through a proxy service. Never rejects. */
export function runProxy(
  service: ProxyService,
  request: ServiceRequest,
  environment: Environment,
): Promise<ServiceResponse> {
  const outFlow: OutFlow = async (response) => {
    if (service.outFlow) return runFlow(service.outFlow, "out", response);
    await response.exchange.answer(response);
    return false;
  };
  const exchange = new ClientExchange({ request, environment, serviceName: service.name, outFlow });
  const message = requestMessage(exchange, environment);
  message.properties.set("proxy.name", service.name);
  pushFaultHandler(message, service.faultFlow);
  return complete(exchange, message, async () => {
    if (service.inFlow && !(await runFlow(service.inFlow, "in", message))) return;
    if (service.endpoint) await sendMessage(message, service.endpoint, undefined);
  });
}

/** Runs a request through the main sequence. Never rejects. */
export function runMain(
  request: ServiceRequest,
  environment: Environment,
): Promise<ServiceResponse> {
  const outFlow: OutFlow = (response) => runSequence(requireSequence(response, "main"), response);
  const exchange = new ClientExchange({ request, environment, serviceName: undefined, outFlow });
  const message = requestMessage(exchange, environment);
  pushFaultHandler(message, undefined);
  return complete(exchange, message, () => runSequence(requireSequence(message, "main"), message));
}

function complete(
  exchange: ClientExchange,
  message: Message,
  action: () => Promise<unknown>,
): Promise<ServiceResponse> {
  void runGuarded(message, action).then(() => exchange.finish());
  return exchange.response;
}

async function runFlow(flow: TargetFlow, word: "in" | "out", message: Message): Promise<boolean> {
  if (flow.kind === "inline") return runSequence(flow.sequence, message);
  const sequence = message.environment.sequence(flow.key);
  if (!sequence) throw new MediationFault(`Unable to find ${word}-sequence : ${flow.key}`);
  return runSequence(sequence, message);
}

/** The fault sequence of the service, else the global one, at the bottom of the stack. */
function pushFaultHandler(message: Message, flow: TargetFlow | undefined): void {
  const handler = faultSequence(message, flow) ?? message.environment.sequence("fault");
  if (handler) message.faultHandlers.push(handler);
}

function faultSequence(message: Message, flow: TargetFlow | undefined): Sequence | undefined {
  if (!flow) return undefined;
  return flow.kind === "inline" ? flow.sequence : message.environment.sequence(flow.key);
}
