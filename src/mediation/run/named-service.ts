/**
 * The service that a SOAP message names itself, for messages whose path names none: by the path of wsa:To (Axis2's
 * AddressingBasedDispatcher), else by the namespace of the first element of the body (SOAPMessageBodyBasedDispatcher). SOAPAction
 * finds operations of a service and no service (run/operation-check.ts). Only the start of the message is looked at; what
 * cannot be read there names nothing, and goes on as it came.
 */
import type { ServiceRequest } from "../engine.ts";
import { parseContentType } from "../message/content-type.ts";
import { readAddressing } from "../message/addressing.ts";
import { parseDocument } from "../xml/dom.ts";
import { payloadOf } from "../xml/soap.ts";
import { peekBody } from "./peeked-body.ts";

/** So much of a message may stand before the first element of its body; more names no service. */
const START_BYTES_MAX = 32 * 1024;
const SOAP_TYPES: readonly string[] = ["text/xml", "application/soap+xml"];

/** Whether a message may name a service: a SOAP envelope whose bytes can be read as they are. */
export function mayNameService({ method, body, headers }: ServiceRequest): boolean {
  if (method !== "POST" || body === undefined) return false;
  const find = (wanted: string): string | undefined =>
    headers.find(([name, , lower]) => (lower ?? name.toLowerCase()) === wanted)?.[1];
  const { type } = parseContentType(find("content-type"));
  return SOAP_TYPES.includes(type) && find("content-encoding") === undefined;
}

export interface NamingRequest {
  /** The same request, to be used from now on: its body has been looked at. */
  readonly request: ServiceRequest;
  /** Addresses that name a service when they end in /services/NAME, the strongest first. */
  readonly addresses: readonly string[];
}

/** Looks at the start of a message. Never rejects. */
export async function readNames(asked: ServiceRequest): Promise<NamingRequest> {
  const { method, target, headers, transport, remoteAddress, addressPrefixes } = asked;
  if (asked.body === undefined) return { request: asked, addresses: [] };
  const { start, body } = await peekBody(asked.body, START_BYTES_MAX, (bytes) =>
    FIRST_ELEMENT.test(bytes.toString("latin1")),
  );
  const request = { method, target, headers, body, transport, remoteAddress, addressPrefixes };
  return { request, addresses: namesIn(start.toString("utf8")) };
}

/** "P/op" in an address that ends in /services/P/op; undefined: the address is none of a service. */
export function servicePath(address: string): string | undefined {
  const [path = ""] = address.split(/[?#]/, 1);
  const at = path.lastIndexOf("/services/");
  return at === -1 ? undefined : path.slice(at);
}

/** The start tag of the body and that of its first element; 1: prefix of SOAP, 2: the latter without its end. */
const FIRST_ELEMENT = /<((?:[\w.-]+:)?)Body(?:\s[^<>]*)?>\s*(<[^\s!?/<>][^<>]*?)\/?>/;
const EMPTY_BODY = /<((?:[\w.-]+:)?)Body(?:\s[^<>]*)?(?:\/>|>\s*<\/)/;

function namesIn(text: string): readonly string[] {
  if (!text.includes("/services/")) return [];
  const first = FIRST_ELEMENT.exec(text) ?? EMPTY_BODY.exec(text);
  if (!first) return [];
  const [, prefix = "", element] = first;
  const body = element === undefined ? `<${prefix}Body/>` : undefined;
  const head = text.slice(0, first.index);
  const tail = body ?? `${first[0].replace(/\/?>$/, "")}/></${prefix}Body>`;
  try {
    const envelope = parseDocument(`${head}${tail}</${prefix}Envelope>`);
    const namespace = payloadOf(envelope)?.namespaceURI;
    return [readAddressing(envelope).To, namespace].filter((name) => typeof name === "string");
  } catch {
    // A message that is no envelope is for others to refuse.
    return [];
  }
}
