/**
 * One message to one address: makes the request, calls, keeps the endpoint's state. The rules of
 * Axis2FlexibleMEPClient and SynapseCallbackReceiver: one-way messages wait for nothing more than the head, a 202
 * without body ends the exchange, any response is a success of the endpoint.
 */
import { messageOf } from "../../errors/app-error.ts";
import { bytesStream } from "../../net/byte-queue.ts";
import { collectBytes } from "../../net/byte-stream.ts";
import { EndpointFailure, faultOfFailure } from "../endpoint-failure.ts";
import type { EndpointRequest, EndpointResponse } from "../engine.ts";
import { FAULT_CODES, MediationFault } from "../mediation-fault.ts";
import { logText } from "../message/log-text.ts";
import type { Message } from "../message/message.ts";
import { BODY_BYTES_MAX, MessageBody } from "../message/message-body.ts";
import { propertyText } from "../message/property-value.ts";
import { faultPartsOf } from "../xml/soap-fault.ts";
import type { CallResult } from "./call-result.ts";
import { type DirectEndpoint, endpointLabel } from "./endpoint.ts";
import { directNotReady } from "./endpoint-faults.ts";
import { endpointRequest } from "./endpoint-request.ts";

/** "child": a group has asked whether it is ready, and tries others when it fails. */
export type EndpointRole = "alone" | "child";

/** @throws MediationFault when the endpoint is not ready or the message cannot be sent. */
export async function callDirect(
  message: Message,
  endpoint: DirectEndpoint,
  role: EndpointRole,
): Promise<CallResult> {
  const { settings } = endpoint;
  const { endpointStates, clock } = message.environment;
  if (role === "alone" && !endpointStates.isReady(settings, clock.monotonicMs()))
    throw directNotReady(endpoint, endpointStates.stateOf(settings));
  const request = await endpointRequest(message, endpoint);
  if (message.axis2Flag("FORCE_SC_ACCEPTED")) message.exchange.accept();
  let response: EndpointResponse;
  try {
    response = await message.environment.callEndpoint(request);
  } catch (error) {
    return dropOrThrow(message, { endpoint, request, error });
  }
  const checked = message.flag("FORCE_ERROR_ON_SOAP_FAULT")
    ? await checkSoapFault(message, endpoint, response)
    : { response, fault: undefined };
  if (checked.fault && role === "child" && isRetriedOnFault(message)) throw checked.fault;
  if (!checked.fault) succeeded(message, endpoint);
  if (!message.flag("OUT_ONLY") && !isBareAck(response))
    return { kind: "response", response: checked.response };
  checked.response.body.discard();
  return { kind: "one-way" };
}

interface FailedCall {
  readonly endpoint: DirectEndpoint;
  readonly request: EndpointRequest;
  readonly error: unknown;
}

/** "dropped" when the time is up and the endpoint discards. @throws MediationFault otherwise. */
function dropOrThrow(message: Message, { endpoint, request, error }: FailedCall): CallResult {
  const { timeoutAction } = endpoint.settings;
  if (error instanceof EndpointFailure && error.kind === "timeout" && timeoutAction !== "fault") {
    discard(message, endpoint, request);
    return { kind: "dropped" };
  }
  const isFailure = error instanceof EndpointFailure;
  if (isFailure) message.environment.log.warn(withoutPassword(logText(error.message)));
  const fault = isFailure ? faultOfFailure(error) : sendingFault(error);
  failed(message, endpoint, fault);
  throw fault;
}

/** The client would wait for its own time-out; a 504 tells it at once. */
function discard(
  message: Message,
  { settings }: DirectEndpoint,
  { url, timeoutMs }: EndpointRequest,
): void {
  const kind = timeoutMs === undefined ? "GLOBAL_TIMEOUT" : "ENDPOINT_TIMEOUT";
  const time = timeoutMs === undefined ? "" : ` of : ${Math.round(timeoutMs / 1000)} seconds`;
  const where = settings.name ?? withoutPassword(logText(url));
  message.environment.log.warn(
    `Expiring message ID : ${logText(message.addressing.MessageID ?? "")}; dropping message after ${kind}${time} for Endpoint [${where}], URI : ${withoutPassword(logText(url))}`,
  );
  message.exchange.refuse(504);
}

function sendingFault(error: unknown): MediationFault {
  return new MediationFault(`Unexpected error during sending message out : ${messageOf(error)}`, {
    sending: true,
    cause: error,
  });
}

function succeeded(message: Message, endpoint: DirectEndpoint): void {
  const { identity } = endpoint.settings;
  const { endpointStates, log } = message.environment;
  if (identity === undefined || !endpointStates.isTroubled(identity)) return;
  endpointStates.succeeded(identity, {
    label: labelOf(endpoint),
    log: log.child("EndpointContext"),
  });
}

function failed(message: Message, endpoint: DirectEndpoint, { faultCode }: MediationFault): void {
  const { identity, suspension } = endpoint.settings;
  const { endpointStates, log, clock } = message.environment;
  if (identity === undefined) return;
  endpointStates.failed(identity, faultCode, {
    label: labelOf(endpoint),
    rules: suspension,
    clock,
    log: log.child("EndpointContext"),
  });
}

/** Name and address, as the log lines of EndpointContext have them. */
export function labelOf(endpoint: DirectEndpoint): string {
  const name = endpointLabel(endpoint.settings);
  switch (endpoint.kind) {
    case "address":
      return `${name} with address ${withoutPassword(endpoint.uri)}`;
    case "http":
      return `${name} with address ${withoutPassword(endpoint.template.literal)}`;
    case "wsdl":
      return `${name} with address ${withoutPassword(endpoint.source.uri)}`;
    case "member":
      return `${name} with address ${endpoint.hostName}`;
    case "default":
    default:
      return name;
  }
}

function withoutPassword(url: string): string {
  return url.replace(/^(https?:\/\/[^/?#:@]*:)[^/?#@]*@/i, "$1*****@");
}

interface Checked {
  readonly response: EndpointResponse;
  readonly fault?: MediationFault | undefined;
}

/** FORCE_ERROR_ON_SOAP_FAULT: a SOAP fault is a failure of the endpoint, though an answer to the client. */
async function checkSoapFault(
  message: Message,
  endpoint: DirectEndpoint,
  response: EndpointResponse,
): Promise<Checked> {
  const bytes = await collectBytes(
    response.body,
    message.environment.bodyBytesMax ?? BODY_BYTES_MAX,
  );
  const kept = { ...response, body: bytesStream(bytes) };
  const reason = await faultReason(response, bytes);
  if (reason === undefined) return { response: kept };
  const fault = new MediationFault(reason, { faultCode: FAULT_CODES.soapFault });
  failed(message, endpoint, fault);
  return { response: kept, fault };
}

/** Undefined when the response is no SOAP fault, or nothing that can be read. */
async function faultReason(
  { headers }: EndpointResponse,
  bytes: Buffer,
): Promise<string | undefined> {
  const find = (wanted: string): string | undefined =>
    headers.find(([name]) => name.toLowerCase() === wanted)?.[1];
  try {
    const payload = await new MessageBody(bytes).build(() => ({
      contentType: find("content-type"),
      contentEncoding: find("content-encoding"),
      hasSoapAction: false,
    }));
    return payload.kind === "envelope" ? faultPartsOf(payload.envelope)?.reason : undefined;
  } catch (error) {
    if (error instanceof MediationFault) return undefined;
    throw error;
  }
}

/** RETRY_ON_SOAPFAULT=false gives the first SOAP fault to the client. */
function isRetriedOnFault(message: Message): boolean {
  const value = message.properties.get("RETRY_ON_SOAPFAULT");
  return value === undefined || propertyText(value).toLowerCase() !== "false";
}

/** A 202 that announces no body. */
function isBareAck(response: EndpointResponse): boolean {
  if (response.status !== 202) return false;
  const named = new Map(response.headers.map(([name, value]) => [name.toLowerCase(), value]));
  if (named.has("content-length")) return named.get("content-length") === "0";
  return !named.has("transfer-encoding") && !named.has("content-type");
}
