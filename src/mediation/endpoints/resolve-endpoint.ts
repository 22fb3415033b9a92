/**
 * References to endpoints (IndirectEndpoint, ResolvingEndpoint, TemplateEndpoint) → the endpoint itself, for one
 * message; and whether an endpoint takes messages at this moment.
 */
import type { Soon } from "../../runtime/soon.ts";
import { FAULT_CODES, MediationFault } from "../mediation-fault.ts";
import { keyOf } from "../mediators/key-reference.ts";
import { logText } from "../message/log-text.ts";
import type { Message } from "../message/message.ts";
import {
  type DirectEndpoint,
  type Endpoint,
  type GroupEndpoint,
  identityOf,
  type TemplateInstance,
} from "./endpoint.ts";

/** References to references beyond it are a circle, and so are groups within groups. */
const REFERENCE_DEPTH_MAX = 10;

/** A promise only where an expression names the endpoint. @throws MediationFault when an endpoint or a template does not exist. */
export function resolveEndpoint(
  endpoint: Endpoint,
  message: Message,
  depth = 0,
): Soon<ResolvedEndpoint> {
  if (endpoint.kind !== "indirect" && endpoint.kind !== "template") return endpoint;
  if (depth >= REFERENCE_DEPTH_MAX) throw notReady("Endpoints refer to each other in a circle");
  const follow = (next: Endpoint): Soon<ResolvedEndpoint> =>
    resolveEndpoint(next, message, depth + 1);
  if (endpoint.kind === "template") return follow(fromTemplate(endpoint, message));
  const { key } = endpoint;
  if (key.kind === "static") return follow(namedEndpoint(key.key, message));
  return keyOf(key, message).then((name) => follow(namedEndpoint(name, message)));
}

export type ResolvedEndpoint = DirectEndpoint | GroupEndpoint;

function namedEndpoint(key: string, message: Message): Endpoint {
  const endpoint = message.environment.endpoint(key);
  if (endpoint) return endpoint;
  throw notReady(`Couldn't find the endpoint with the key : ${key}`);
}

function fromTemplate(instance: TemplateInstance, message: Message): Endpoint {
  const template = message.environment.endpointTemplate(instance.template);
  if (template) return template.endpointOf(instance);
  throw notReady(`Couldn't retrieve the endpoint template with the key:${instance.template}`);
}

function notReady(sentence: string): MediationFault {
  return new MediationFault(sentence, { faultCode: FAULT_CODES.indirectEndpointNotReady });
}

/** Whether a child of a group takes a message now. One that does not exist takes none; the log says so. */
export async function isReady(endpoint: Endpoint, message: Message, depth = 0): Promise<boolean> {
  try {
    const target = await resolveEndpoint(endpoint, message);
    return await isReadyDirectly(target, message, depth);
  } catch (error) {
    if (!(error instanceof MediationFault)) throw error;
    message.environment.log.warn(logText(error.message));
    return false;
  }
}

async function isReadyDirectly(
  endpoint: DirectEndpoint | GroupEndpoint,
  message: Message,
  depth: number,
): Promise<boolean> {
  const { clock, endpointStates } = message.environment;
  if (!endpointStates.isReady(identityOf(endpoint), clock.monotonicMs())) return false;
  const children = childrenOf(endpoint);
  if (!children) return true;
  if (depth >= REFERENCE_DEPTH_MAX) throw notReady("Endpoints refer to each other in a circle");
  for (const child of children) if (await isReady(child, message, depth + 1)) return true;
  return false;
}

/** Undefined for endpoints that are ready by themselves. */
function childrenOf(endpoint: DirectEndpoint | GroupEndpoint): readonly Endpoint[] | undefined {
  if (endpoint.kind === "loadbalance" || endpoint.kind === "failover") return endpoint.children;
  if (endpoint.kind !== "recipientlist") return undefined;
  return endpoint.recipients.kind === "fixed" ? endpoint.recipients.endpoints : undefined;
}
