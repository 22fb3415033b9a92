/**
 * Forwarding to an endpoint (ScheduledMessageForwardingProcessor, ForwardingService): the response goes to the reply
 * sequence, a failure to the fault sequence. What counts as a failure: nothing came back, a status that is not 2xx,
 * a SOAP fault; the lists of status codes move the border. As in WSO2, a response without a reply
 * sequence deactivates the processor: one-way messages are to be stored with OUT_ONLY.
 */
import { callEndpoint } from "../endpoints/call-endpoint.ts";
import type { Endpoint } from "../endpoints/endpoint.ts";
import { resolveEndpoint } from "../endpoints/resolve-endpoint.ts";
import type { EndpointResponse } from "../engine.ts";
import { messageOf } from "../../errors/app-error.ts";
import { MediationFault, toMediationFault } from "../mediation-fault.ts";
import { logText } from "../message/log-text.ts";
import type { Message } from "../message/message.ts";
import { propertyText } from "../message/property-value.ts";
import { requireSequence, runSequence } from "../mediators/sequence.ts";
import { detachedRequest, runDetached } from "../run/detached-flow.ts";
import { runGuarded } from "../run/fault-handling.ts";
import { restoredMessage, type StoredMessage } from "../stores/stored-message.ts";
import { isFault } from "../xml/soap.ts";
import type { HandlerContext, HandlerFactory } from "./message-processor.ts";
import {
  type Delivery,
  RetryingHandler,
  type RetryOptions,
  runProcessorSequence,
} from "./retrying-handler.ts";

export interface ForwardingOptions extends RetryOptions {
  /** Key of the endpoint; undefined: the message's property target.endpoint. */
  readonly endpoint: string | undefined;
  readonly replySequence: string | undefined;
  readonly faultSequence: string | undefined;
  /** Statuses that are no failure (non.retry.status.codes). */
  readonly acceptedStatuses: ReadonlySet<number>;
  /** Statuses that are a failure, 2xx among them (retry.http.status.codes). */
  readonly failedStatuses: ReadonlySet<number>;
}

export function forwarding(options: ForwardingOptions): HandlerFactory {
  return (context) =>
    new RetryingHandler(options, context, (stored) => deliver(stored, options, context));
}

const TARGET_ENDPOINT = "target.endpoint";

async function deliver(
  stored: StoredMessage,
  options: ForwardingOptions,
  context: HandlerContext,
): Promise<Delivery> {
  const { environment, services } = context.world;
  let outcome: Delivery = { kind: "failed" };
  try {
    await runDetached(
      { environment, services, request: detachedRequest(stored) },
      (link) => restoredMessage(stored, link, environment),
      async (message) => {
        outcome = await send(message, stored, options, context);
      },
    );
  } catch (error) {
    // A message that cannot be restored: what is stored is damaged.
    logFailure(context, messageOf(error));
  }
  return outcome;
}

async function send(
  message: Message,
  stored: StoredMessage,
  options: ForwardingOptions,
  context: HandlerContext,
): Promise<Delivery> {
  const target = options.endpoint ?? targetOf(message);
  if (target === undefined) {
    context.world.environment.log.warn(
      `Property ${TARGET_ENDPOINT} not found in the message context , Hence removing the message`,
    );
    return { kind: "delivered" };
  }
  try {
    return await exchange(message, target, options, context);
  } catch (error) {
    const fault = toMediationFault(error);
    logFailure(context, fault.message);
    const { faultSequence } = options;
    if (faultSequence !== undefined)
      await runProcessorSequence(stored, faultSequence, context, (copy) => noteFault(copy, fault));
    return { kind: "failed" };
  }
}

/** @throws MediationFault when the message was not delivered. */
async function exchange(
  message: Message,
  target: string,
  options: ForwardingOptions,
  context: HandlerContext,
): Promise<Delivery> {
  const endpoint = message.environment.endpoint(target);
  if (!endpoint) throw new MediationFault(`Endpoint ${target} is not deployed`);
  // Whether a one-way message was delivered is told by the status as well: the call has to wait for it.
  const isOneWay = message.flag("OUT_ONLY");
  message.properties.delete("OUT_ONLY");
  const result = await callEndpoint(message, await withoutState(endpoint, message));
  if (result.kind === "dropped") throw new MediationFault(`Endpoint ${target} did not answer`);
  if (result.kind === "one-way") return { kind: "delivered" };
  const response = message.responseTo(result.response);
  checkStatus(result.response, options);
  if (isOneWay) return { kind: "delivered" };
  if (!options.acceptedStatuses.has(result.response.status)) await checkFault(response);
  return reply(response, options, context);
}

/** As WSO2's blocking sender, a processor does not ask whether an address is suspended: it has retries of its own. */
async function withoutState(endpoint: Endpoint, message: Message): Promise<Endpoint> {
  const target = await resolveEndpoint(endpoint, message);
  if (!("settings" in target)) return target;
  return { ...target, settings: { ...target.settings, identity: undefined } };
}

/** @throws MediationFault when the status says that the message was not taken. */
function checkStatus(
  { status, reason }: Pick<EndpointResponse, "status" | "reason">,
  options: ForwardingOptions,
): void {
  if (options.acceptedStatuses.has(status)) return;
  if (status < 200 || status > 299 || options.failedStatuses.has(status))
    throw new MediationFault(`Transport error: ${status} Error: ${reason}`);
}

async function checkFault(response: Message): Promise<void> {
  if (response.isRest) return;
  const payload = await response.payload();
  if (payload.kind === "envelope" && isFault(payload.envelope))
    throw new MediationFault("The endpoint answered with a SOAP fault");
}

async function reply(
  response: Message,
  { replySequence }: ForwardingOptions,
  context: HandlerContext,
): Promise<Delivery> {
  if (replySequence !== undefined && response.environment.sequence(replySequence)) {
    await runGuarded(response, async () => {
      await runSequence(requireSequence(response, replySequence), response);
    });
    return { kind: "delivered" };
  }
  const missing =
    replySequence === undefined
      ? "Reply sequence does not Exist"
      : `Reply sequence [${replySequence}] does not exist`;
  const advice =
    "set message.processor.reply.sequence, or store one-way messages with the property OUT_ONLY";
  context.world.environment.log.error(`Failed to send the out message. ${missing}: ${advice}`);
  return { kind: "refused", reason: `an answer came and nothing takes it; ${advice}` };
}

function targetOf(message: Message): string | undefined {
  const value = message.properties.get(TARGET_ENDPOINT);
  const text = value === undefined ? "" : propertyText(value).trim();
  return text === "" ? undefined : text;
}

function noteFault(message: Message, fault: MediationFault): void {
  message.properties.set("ERROR_CODE", String(fault.faultCode));
  message.properties.set("ERROR_MESSAGE", fault.message);
  message.properties.set("ERROR_DETAIL", fault.detail);
  message.properties.set("blocking.sender.error", "true");
}

function logFailure({ world, definition }: HandlerContext, reason: string): void {
  world.environment.log.error(
    `BlockingMessageSender of message processor [${definition.name}] failed to send message to the endpoint: ${logText(reason)}`,
  );
}
