/**
 * A message as stores keep it: a snapshot that shares nothing with the message that it was made of, and its JSON form for
 * stores on servers. Properties that are XML elements are kept as text. What belongs to the client's connection
 * (the exchange, fault handlers) is not kept.
 */
import { messageOf } from "../../errors/app-error.ts";
import type { HeaderList, Transport } from "../engine.ts";
import { MediationFault } from "../mediation-fault.ts";
import type { Addressing } from "../message/addressing.ts";
import type { Environment } from "../message/environment.ts";
import { Message } from "../message/message.ts";
import { MessageBody } from "../message/message-body.ts";
import type { MessageExchange } from "../message/message-exchange.ts";
import { jsonPayload, type Payload } from "../message/payload-builder.ts";
import { propertyText, type PropertyValue } from "../message/property-value.ts";
import { TransportHeaders } from "../message/transport-headers.ts";
import { isElement, parseDocument, rootOf, serializeNode } from "../xml/dom.ts";

/** A property value as JSON can hold it. */
export type StoredValue =
  string | number | boolean | { readonly long: string } | { readonly xml: readonly string[] };

export type StoredBody =
  | { readonly kind: "envelope"; readonly xml: string; readonly rest: boolean }
  | { readonly kind: "json"; readonly text: string };

type Properties = readonly (readonly [name: string, value: StoredValue])[];

export interface StoredMessage {
  readonly id: string;
  readonly target: string;
  readonly method: string;
  readonly transport: Transport;
  readonly headers: HeaderList;
  readonly addressing: Addressing;
  readonly properties: Properties;
  readonly axis2: Properties;
  readonly axis2Client: Properties;
  readonly body: StoredBody;
}

/** Reads the body and makes a snapshot. @throws MediationFault when the body is faulty. */
export async function storedMessage(message: Message): Promise<StoredMessage> {
  const payload = await message.payload();
  const { target, method, transport } = message.exchange.request;
  return {
    id: message.addressing.MessageID ?? message.environment.newMessageId(),
    target,
    method,
    transport,
    headers: message.headers.copy().forRequest(),
    addressing: { ...message.addressing },
    properties: storedProperties(message.properties),
    axis2: storedProperties(message.axis2),
    axis2Client: storedProperties(message.axis2Client),
    body: storedBody(payload),
  };
}

/** A new message with the content of a snapshot. @throws MediationFault when the body is faulty. */
export function restoredMessage(
  stored: StoredMessage,
  exchange: MessageExchange,
  environment: Environment,
): Message {
  const message = new Message({
    exchange,
    environment,
    direction: "request",
    headers: new TransportHeaders(stored.headers, true),
    body: new MessageBody(undefined),
  });
  message.body.replace(restoredPayload(stored.body));
  message.addressing = { ...stored.addressing };
  for (const scope of ["properties", "axis2", "axis2Client"] as const)
    for (const [name, value] of stored[scope]) message[scope].set(name, restoredValue(value));
  return message;
}

/** About what a snapshot takes in memory, in bytes. */
export function storedBytes(stored: StoredMessage): number {
  const { body } = stored;
  const text = body.kind === "json" ? body.text : body.xml;
  const pairs = [...stored.headers, ...stored.properties, ...stored.axis2, ...stored.axis2Client];
  let length = text.length + 500;
  for (const [name, value] of pairs) length += name.length + valueLength(value) + 50;
  return length * 2;
}

function valueLength(value: StoredValue): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || "long" in value) return 8;
  return value.xml.reduce((sum, text) => sum + text.length, 0);
}

/** The JSON text. */
export function encodeStored(stored: StoredMessage): string {
  return JSON.stringify({ bascule: 1, ...stored });
}

/** Reads the JSON text; undefined when somebody else wrote it. */
export function decodeStored(text: string): StoredMessage | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || !("bascule" in value)) return undefined;
    return value.bascule === 1 && hasParts(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function hasParts(value: object): value is StoredMessage {
  const lists = ["headers", "properties", "axis2", "axis2Client"];
  const texts = ["id", "target", "method", "transport"];
  const part = (name: string): unknown => Reflect.get(value, name);
  const body = part("body");
  return (
    lists.every((name) => Array.isArray(part(name))) &&
    texts.every((name) => typeof part(name) === "string") &&
    typeof part("addressing") === "object" &&
    typeof body === "object" &&
    body !== null &&
    ("xml" in body || "text" in body)
  );
}

function storedBody(payload: Payload): StoredBody {
  if (payload.kind === "json") return { kind: "json", text: payload.text };
  return { kind: "envelope", xml: serializeNode(rootOf(payload.envelope)), rest: payload.rest };
}

function restoredPayload(body: StoredBody): Payload {
  try {
    if (body.kind === "json") return jsonPayload(body.text);
    return { kind: "envelope", envelope: parseDocument(body.xml), rest: body.rest };
  } catch (error) {
    throw new MediationFault(`The stored message cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function storedProperties(scope: ReadonlyMap<string, PropertyValue>): Properties {
  return [...scope].map(([name, value]) => [name, storedValue(value)] as const);
}

function storedValue(value: PropertyValue): StoredValue {
  if (typeof value === "bigint") return { long: String(value) };
  if (typeof value !== "object") return value;
  const isXml = value.length > 0 && value.every(isElement);
  return isXml ? { xml: value.map(serializeNode) } : propertyText(value);
}

function restoredValue(value: StoredValue): PropertyValue {
  if (typeof value !== "object") return value;
  if ("long" in value) return BigInt(value.long);
  return value.xml.map((text) => rootOf(parseDocument(text)));
}
