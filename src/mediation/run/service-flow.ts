/**
 * The flows of one request: proxy service (in sequence, endpoint, out sequence, fault sequence) or `main`. Implements
 * ProxyServiceMessageReceiver and SynapseMessageReceiver.
 */
import type { HeaderList, ServiceRequest, ServiceResponse } from "../engine.ts";
import { MediationFault } from "../mediation-fault.ts";
import type { Sequence, Verdict } from "../mediators/mediator.ts";
import { sendMessage } from "../mediators/send.ts";
import { requireSequence, runSequence } from "../mediators/sequence.ts";
import type { Environment } from "../message/environment.ts";
import type { Message } from "../message/message.ts";
import type { Tally } from "../outcomes.ts";
import type { ProxyService } from "../services/proxy-service.ts";
import type { TargetFlow } from "../services/target-flow.ts";
import { ClientExchange, type OutFlow } from "./client-exchange.ts";
import { correlate, logRoundTrip } from "./correlation.ts";
import { runGuarded, type Work } from "./fault-handling.ts";
import { unknownOperation } from "./operation-check.ts";
import { requestMessage } from "./request-message.ts";

/** Runs a request through a proxy service. Never rejects. */
export function runProxy(
  service: ProxyService,
  request: ServiceRequest,
  environment: Environment,
): Promise<ServiceResponse> {
  const outFlow: OutFlow = (response) =>
    service.outFlow
      ? runSequence(requireFlow(response, service.outFlow, "out"), response)
      : answerWith(response);
  const logName = `SERVICE_LOGGER.${service.name}`;
  const tally = environment.outcomes.ofService(service);
  const serviceName = service.name;
  const flow = beginFlow({ request, environment, serviceName, outFlow, logName, tally });
  const { exchange, message } = flow;
  message.properties.set("proxy.name", service.name);
  pushFaultHandler(message, service.faultFlow);
  return completeFlow(flow, () => {
    const checked = unknownOperation(service, message);
    if (!checked) return runTarget(service, message);
    return checked.then((refusal) =>
      refusal ? exchange.respondWith(refusal) : runTarget(service, message),
    );
  });
}

/** The in sequence, and the endpoint for what comes through it. */
function runTarget({ inFlow, endpoint }: ProxyService, message: Message): Work {
  const send = (goesOn: boolean): Work =>
    goesOn && endpoint ? sendMessage(message, endpoint, undefined) : undefined;
  if (!inFlow) return send(true);
  const verdict = runSequence(requireFlow(message, inFlow, "in"), message);
  return typeof verdict === "boolean" ? send(verdict) : verdict.then(send);
}

/** Gives a response to the client as it is. */
export function answerWith(response: Message): Verdict {
  return response.exchange.answer(response)?.then(() => false) ?? false;
}

/** Runs a request through the main sequence. Never rejects. */
export function runMain(
  request: ServiceRequest,
  environment: Environment,
): Promise<ServiceResponse> {
  const outFlow: OutFlow = (response) => runSequence(requireSequence(response, "main"), response);
  const flow = beginFlow({ request, environment, serviceName: undefined, outFlow });
  pushFaultHandler(flow.message, undefined);
  return completeFlow(flow, () => runSequence(requireSequence(flow.message, "main"), flow.message));
}

export interface FlowOptions {
  readonly request: ServiceRequest;
  readonly environment: Environment;
  readonly serviceName: string | undefined;
  readonly outFlow: OutFlow;
  readonly logName?: string;
  /** Headers that every answer gets. */
  readonly answerHeaders?: HeaderList;
  /** Where the message is counted. */
  readonly tally?: Tally;
}

/** One request on its way: the exchange with the client, and the message that is mediated. */
export interface RequestFlow {
  readonly exchange: ClientExchange;
  readonly message: Message;
}

export function beginFlow(options: FlowOptions): RequestFlow {
  const exchange = new ClientExchange(options);
  const message = requestMessage(exchange, options.environment);
  correlate(message);
  logRoundTrip(message, options.request, exchange.response);
  return { exchange, message };
}

/** The sequence that every request goes through first, where the configuration has it. */
const MANDATORY_SEQUENCE = "pre-mediate";

/**
 * Runs the mediation of a flow and gives the client's answer, which may come before the end of mediation. A
 * mandatory sequence that stops the message stops the flow.
 */
export function completeFlow(
  { exchange, message }: RequestFlow,
  action: () => Work,
): Promise<ServiceResponse> {
  const mandatory = message.environment.sequence(MANDATORY_SEQUENCE);
  const whole = mandatory
    ? async () => (await runSequence(mandatory, message)) && (await action())
    : action;
  finishAfter(exchange, runGuarded(message, whole));
  return exchange.response;
}

/** Ends an exchange when its mediation is over. */
export function finishAfter(exchange: ClientExchange, work: Promise<void> | undefined): void {
  if (work) void work.then(() => exchange.finish());
  else void exchange.finish();
}

/** @throws MediationFault when no sequence has the key. */
function requireFlow(message: Message, flow: TargetFlow, word: "in" | "out"): Sequence {
  const sequence = sequenceOf(message, flow);
  if (sequence) return sequence;
  throw new MediationFault(
    `Unable to find ${word}-sequence : ${flow.kind === "key" ? flow.key : ""}`,
  );
}

/** The sequence of a flow; undefined when no sequence has the key. */
export function sequenceOf(message: Message, flow: TargetFlow): Sequence | undefined {
  return flow.kind === "inline" ? flow.sequence : message.environment.sequence(flow.key);
}

/** The fault sequence of the service, else the global one, at the bottom of the stack. */
export function pushFaultHandler(message: Message, flow: TargetFlow | undefined): void {
  const own = flow && sequenceOf(message, flow);
  const handler = own ?? message.environment.sequence("fault");
  if (handler) message.faultHandlers.push(handler);
}
