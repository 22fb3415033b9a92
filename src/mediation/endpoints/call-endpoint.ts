/**
 * One message to one endpoint: resolves the endpoint, makes the request of it, calls, and says what came of it. The
 * rules of Axis2FlexibleMEPClient: one-way messages wait for nothing, a 202 without body ends the exchange,
 * what fails to be sent becomes a fault with the codes of the pass-through transport.
 */
import { EndpointFailure, faultOfFailure } from "../endpoint-failure.ts";
import type { EndpointRequest, EndpointResponse } from "../engine.ts";
import { FAULT_CODES, MediationFault } from "../mediation-fault.ts";
import { messageOf } from "../../errors/app-error.ts";
import { keyOf } from "../mediators/key-reference.ts";
import { logText } from "../message/log-text.ts";
import type { Message } from "../message/message.ts";
import { DEFAULT_SETTINGS, type Endpoint } from "./endpoint.ts";
import { endpointRequest } from "./endpoint-request.ts";

/** An endpoint that is no reference any more. */
export type DirectEndpoint = Exclude<Endpoint, { kind: "indirect" }>;

/** "one-way": nothing more is to come; "dropped": time ran out and the endpoint says discard. */
export type CallResult =
  | { readonly kind: "response"; readonly response: EndpointResponse }
  | { readonly kind: "one-way" }
  | { readonly kind: "dropped" };

/** References to references beyond it are a circle. */
const REFERENCE_DEPTH_MAX = 10;

/**
 * Calls an endpoint with the message.
 * @param endpoint undefined: the message's To.
 * @throws MediationFault when the endpoint does not exist or the message cannot be sent.
 */
export async function callEndpoint(
  message: Message,
  endpoint: Endpoint | undefined,
): Promise<CallResult> {
  const target = await resolve(message, endpoint);
  const request = await endpointRequest(message, target);
  if (message.axis2Flag("FORCE_SC_ACCEPTED")) message.exchange.accept();
  const response = await call(message, target, request);
  if (!response) return { kind: "dropped" };
  if (!message.flag("OUT_ONLY") && !isBareAck(response)) return { kind: "response", response };
  response.body.destroy();
  return { kind: "one-way" };
}

async function resolve(message: Message, endpoint: Endpoint | undefined): Promise<DirectEndpoint> {
  let current: Endpoint | undefined = endpoint ?? { kind: "default", settings: DEFAULT_SETTINGS };
  for (let depth = 0; depth < REFERENCE_DEPTH_MAX && current.kind === "indirect"; depth += 1) {
    const key = await keyOf(current.key, message);
    current = message.environment.endpoint(key);
    if (!current)
      throw new MediationFault(`Reference to non-existent endpoint for key : ${key}`, {
        faultCode: FAULT_CODES.indirectEndpointNotReady,
      });
  }
  if (current.kind !== "indirect") return current;
  throw new MediationFault("Endpoints refer to each other in a circle", {
    faultCode: FAULT_CODES.indirectEndpointNotReady,
  });
}

/** Undefined when the time is up and the endpoint discards. */
async function call(
  message: Message,
  endpoint: DirectEndpoint,
  request: EndpointRequest,
): Promise<EndpointResponse | undefined> {
  try {
    const response = await message.environment.callEndpoint(request);
    // Whoever reads the body sees its failure; one that nobody reads, or that is thrown away, ends nothing else.
    response.body.on("error", ignoreFailure);
    return response;
  } catch (error) {
    if (!(error instanceof EndpointFailure)) throw sendingFault(error);
    if (error.kind !== "timeout" || endpoint.settings.timeoutAction === "fault")
      throw faultOfFailure(error);
    message.environment.log.warn(
      `Expiring message ID : ${logText(message.addressing.MessageID ?? "")}; dropping message after time-out of endpoint ${endpoint.settings.name ?? logText(request.url)}`,
    );
    message.exchange.refuse(504);
    return undefined;
  }
}

function ignoreFailure(): void {
  // An 'error' event without a listener would end the process.
}

function sendingFault(error: unknown): MediationFault {
  return new MediationFault(`Unexpected error during sending message out : ${messageOf(error)}`, {
    sending: true,
    cause: error,
  });
}

/** A 202 that announces no body. */
function isBareAck(response: EndpointResponse): boolean {
  if (response.status !== 202) return false;
  const named = new Map(response.headers.map(([name, value]) => [name.toLowerCase(), value]));
  if (named.has("content-length")) return named.get("content-length") === "0";
  return !named.has("transfer-encoding") && !named.has("content-type");
}
