/**
 * One message to an endpoint of any kind: resolves references, sets the endpoint's properties and its fault handler, and
 * hands the message to the address or the group that it means. Called by send, call and whatever else sends.
 */
import type { Sequence } from "../mediators/mediator.ts";
import { FAULT_CODES, MediationFault, toMediationFault } from "../mediation-fault.ts";
import type { Message } from "../message/message.ts";
import type { CallResult } from "./call-result.ts";
import { callDirect, type EndpointRole } from "./direct-call.ts";
import {
  type Endpoint,
  type GroupEndpoint,
  identityOf,
  IMPLICIT_ENDPOINT,
  type RecipientListEndpoint,
} from "./endpoint.ts";
import { groupFault } from "./endpoint-faults.ts";
import { setEndpointProperties } from "./endpoint-properties.ts";
import { callGroup, choiceOf, stateOf } from "./group-call.ts";
import { type Recipient, recipientsOf } from "./recipients.ts";
import { resolveEndpoint, type ResolvedEndpoint } from "./resolve-endpoint.ts";
import { callWithSession } from "./session-call.ts";

export type { CallResult } from "./call-result.ts";
export type { DirectEndpoint } from "./endpoint.ts";

/** Groups within groups beyond it contain themselves. */
const GROUP_DEPTH_MAX = 10;

/**
 * Calls an endpoint with the message. Of a recipient list the first response is the result, and others are read by nobody.
 * @param endpoint undefined: the message's To.
 * @throws MediationFault when the endpoint does not exist, is not ready, or the message cannot be sent.
 */
export function callEndpoint(
  message: Message,
  endpoint: Endpoint | undefined,
): Promise<CallResult> {
  return callAny(message, endpoint ?? IMPLICIT_ENDPOINT, { role: "alone", depth: 0 });
}

/**
 * The copies that an endpoint asks for, when it is a recipient list.
 * @returns undefined: the message itself is to be sent with `callEndpoint`.
 * @throws MediationFault when no recipient is ready.
 */
export function recipientCopies(
  message: Message,
  endpoint: Endpoint,
): Promise<readonly Recipient[] | undefined> | undefined {
  const copies = (target: ResolvedEndpoint): Promise<readonly Recipient[]> | undefined =>
    target.kind === "recipientlist" ? recipientsOf(message, target) : undefined;
  const resolved = resolveEndpoint(endpoint, message);
  return resolved instanceof Promise ? resolved.then(copies) : copies(resolved);
}

interface Place {
  readonly role: EndpointRole;
  readonly depth: number;
}

async function callAny(message: Message, endpoint: Endpoint, place: Place): Promise<CallResult> {
  const resolved = resolveEndpoint(endpoint, message);
  const target = resolved instanceof Promise ? await resolved : resolved;
  const { properties, onError } = identityOf(target);
  if (properties.length > 0) await setEndpointProperties(message, properties);
  // A child that fails is another child's turn; the group has a handler of its own.
  const isHandled = onError !== undefined && place.role === "alone";
  const handler = isHandled ? onErrorHandler(message, onError) : undefined;
  if (!handler) return await callTarget(message, target, place);
  message.faultHandlers.push(handler);
  const result = await callTarget(message, target, place);
  if (message.faultHandlers.at(-1) === handler) message.faultHandlers.pop();
  return result;
}

function onErrorHandler(message: Message, key: string): Sequence | undefined {
  const handler = message.environment.sequence(key);
  if (!handler)
    message.environment.log.warn(
      `onError handler sequence : ${key} of an endpoint cannot be found`,
    );
  return handler;
}

function callTarget(message: Message, target: ResolvedEndpoint, place: Place): Promise<CallResult> {
  if ("settings" in target) return callDirect(message, target, place.role);
  return callGroupEndpoint(message, target, place);
}

async function callGroupEndpoint(
  message: Message,
  target: GroupEndpoint,
  place: Place,
): Promise<CallResult> {
  const { endpointStates, clock } = message.environment;
  if (!endpointStates.isReady(target, clock.monotonicMs())) throw groupFault(target, "is inactive");
  if (place.depth >= GROUP_DEPTH_MAX)
    throw new MediationFault("Endpoints contain each other in a circle", {
      faultCode: FAULT_CODES.indirectEndpointNotReady,
    });
  if (target.kind === "recipientlist") return callRecipients(message, target, place);
  const child: Place = { role: "child", depth: place.depth + 1 };
  const callChild = (copy: Message, one: Endpoint): Promise<CallResult> =>
    callAny(copy, one, child);
  if (target.kind === "loadbalance" && target.session)
    return callWithSession(message, target, target.session, callChild);
  const choose = choiceOf(target, stateOf(target, message));
  return (await callGroup(message, target, choose, callChild)).result;
}

/** All recipients at once; the first that answers, in the order of the list, is the result. */
async function callRecipients(
  message: Message,
  list: RecipientListEndpoint,
  place: Place,
): Promise<CallResult> {
  const copies = await recipientsOf(message, list);
  const child: Place = { role: "child", depth: place.depth + 1 };
  const outcomes = await Promise.allSettled(
    copies.map((copy) => callAny(copy.message, copy.endpoint, child)),
  );
  let chosen: CallResult | undefined;
  for (const outcome of outcomes) {
    if (outcome.status === "rejected") continue;
    const result = outcome.value;
    if (result.kind === "response" && chosen?.kind === "response") result.response.body.discard();
    else if (chosen?.kind !== "response") chosen = result;
  }
  if (chosen) return chosen;
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  throw toMediationFault(failed?.reason);
}
