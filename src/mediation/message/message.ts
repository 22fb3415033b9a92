/**
 * The message context: one message on its way, request or response. Owns the body (read late), the HTTP headers,
 * the property scopes and the addressing fields; mediators change it in place. What survives from a
 * request to the response of its endpoint is decided in `responseTo`.
 */
import type { EndpointResponse } from "../engine.ts";
import { MediationFault } from "../mediation-fault.ts";
import type { ListPosition, Sequence } from "../mediators/mediator.ts";
import { cloneDocument, type XmlDocument } from "../xml/dom.ts";
import { versionOf, type SoapVersion } from "../xml/soap.ts";
import { type Addressing, readAddressing } from "./addressing.ts";
import { parseContentType, payloadKindOf } from "./content-type.ts";
import type { Environment } from "./environment.ts";
import { isTooLarge, MessageBody } from "./message-body.ts";
import type { MessageExchange } from "./message-exchange.ts";
import { envelopeOf, type Payload } from "./payload-builder.ts";
import { propertyText, type PropertyValue } from "./property-value.ts";
import { TransportHeaders } from "./transport-headers.ts";
import { WrittenEnvelope } from "./written-envelope.ts";

export type Direction = "request" | "response";

/** Sequences nested deeper call themselves. */
export const SEQUENCE_DEPTH_MAX = 200;

/** How often the response of an endpoint may be sent to an endpoint whose response is sent again. */
export const HOPS_MAX = 100;

interface MessageParts {
  readonly exchange: MessageExchange;
  readonly environment: Environment;
  readonly direction: Direction;
  readonly headers: TransportHeaders;
  readonly body: MessageBody;
  /** Of the default scope, to be copied. Default: none. */
  readonly properties?: ReadonlyMap<string, PropertyValue>;
}

export class Message {
  readonly exchange: MessageExchange;
  readonly environment: Environment;
  direction: Direction;
  headers: TransportHeaders;
  body: MessageBody;
  addressing: Addressing = {};
  /** The "default" (synapse) scope. */
  readonly properties: Map<string, PropertyValue>;
  /** The "axis2" scope; ends with the message. */
  readonly axis2 = new Map<string, PropertyValue>();
  /** The "axis2-client" scope; what "axis2" does not have is looked up here. */
  readonly axis2Client = new Map<string, PropertyValue>();
  /** Handlers of faults, the innermost last. */
  readonly faultHandlers: Sequence[] = [];
  /** Parameters of the templates that are running, the innermost last: the "func" scope. */
  readonly templateFrames: ReadonlyMap<string, PropertyValue>[] = [];
  /** Status line of the endpoint whose response this is; undefined in a request. */
  endpointStatus: Pick<EndpointResponse, "status" | "reason"> | undefined;
  /** A fault that its body does not show, as an `<Exception>` does not: it is answered with 500. */
  isFailure = false;
  /** How many endpoints have answered on the way to this message, one after the other. */
  hops = 0;
  /** Lists of mediators that are running, the innermost last; a copy continues with the rest of its parent's. */
  positions: ListPosition[] = [];
  /** A response of a `call` has taken the message's place: a copy then goes on behind its branch. */
  resumed = false;
  /** Told when a `send` has begun: a sequential branch then lets the next one begin. */
  handedOver: (() => void) | undefined;
  /** How many splits (clone, iterate) this message is a copy of, one inside the other. */
  splitDepth = 0;
  /** How deep sequences are nested at this moment. */
  sequenceDepth = 0;
  /** The virtual envelope of a JSON payload, made when first asked for. */
  #virtual: { readonly payload: Payload; readonly envelope: XmlDocument } | undefined;

  constructor(parts: MessageParts) {
    this.exchange = parts.exchange;
    this.environment = parts.environment;
    this.direction = parts.direction;
    this.headers = parts.headers;
    this.body = parts.body;
    this.properties = new Map(parts.properties);
    this.addressing.MessageID = parts.environment.newMessageId();
  }

  /**
   * The response of an endpoint as a message of its own: default properties, fault handlers and the
   * parameters of templates come along.
   * @throws MediationFault beyond HOPS_MAX.
   */
  responseTo(response: EndpointResponse): Message {
    const message = new Message({
      exchange: this.exchange,
      environment: this.environment,
      direction: "response",
      headers: new TransportHeaders(response.headers, false),
      body: new MessageBody(response.body, this.environment.bodyBytesMax),
      properties: this.properties,
    });
    message.exchange.track(message.body);
    message.hops = this.hops + 1;
    message.splitDepth = this.splitDepth;
    if (message.hops > HOPS_MAX)
      throw new MediationFault(
        `More than ${HOPS_MAX} responses were sent on to endpoints, each to the next: the out flow calls itself`,
      );
    message.faultHandlers.push(...this.faultHandlers);
    message.templateFrames.push(...this.templateFrames);
    message.#takeStatus(response);
    return message;
  }

  /**
   * A message of its own with the same content: clone, iterate and aggregate work on copies. Reads the body, since
   * bytes that are still to come cannot be in two messages.
   * @throws MediationFault when the body is faulty.
   */
  async fork(): Promise<Message> {
    const payload = copyOf(await this.payload());
    const message = new Message({
      exchange: this.exchange,
      environment: this.environment,
      direction: this.direction,
      headers: this.headers.copy(),
      body: new MessageBody(undefined),
    });
    message.body.replace(payload);
    message.addressing = { ...this.addressing };
    for (const scope of ["properties", "axis2", "axis2Client"] as const)
      for (const [name, value] of this[scope]) message[scope].set(name, value);
    message.faultHandlers.push(...this.faultHandlers);
    message.templateFrames.push(...this.templateFrames);
    message.hops = this.hops;
    message.splitDepth = this.splitDepth;
    message.sequenceDepth = this.sequenceDepth;
    message.endpointStatus = this.endpointStatus;
    message.isFailure = this.isFailure;
    return message;
  }

  /** Continues with the response of a `call`: body, headers and axis2 properties become the response's. */
  continueWith(response: EndpointResponse): void {
    this.body.discard();
    this.headers = new TransportHeaders(response.headers, false);
    this.body = new MessageBody(response.body, this.environment.bodyBytesMax);
    this.axis2.clear();
    this.isFailure = false;
    this.#takeStatus(response);
    this.exchange.track(this.body);
  }

  #takeStatus(response: EndpointResponse): void {
    this.endpointStatus = { status: response.status, reason: response.reason };
    this.axis2.set("HTTP_SC", response.status);
    if (response.reason !== "") this.axis2.set("HTTP_SC_DESC", response.reason);
  }

  /** The payload; reads and parses the body when that has not happened yet. */
  async payload(): Promise<Payload> {
    const built = this.body.payload;
    if (built) return built;
    const payload = await this.#build();
    this.headers.remove("Content-Encoding");
    if (payload.kind === "envelope" && !payload.rest)
      this.addressing = { ...this.addressing, ...readAddressing(payload.envelope) };
    return payload;
  }

  #build(): Promise<Payload> {
    return this.#reading(() =>
      this.body.build(() => ({
        contentType: this.headers.get("Content-Type"),
        contentEncoding: this.headers.get("Content-Encoding"),
        hasSoapAction: this.headers.get("SOAPAction") !== undefined,
      })),
    );
  }

  /** The bytes of a body that is XML as it came; undefined where it has been parsed, is empty or packed. */
  async unreadBytes(): Promise<Buffer | undefined> {
    if (this.body.payload || this.headers.get("Content-Encoding") !== undefined) return undefined;
    if (this.axis2Text("messageType") !== undefined) return undefined;
    await this.#reading(() => this.body.buffer());
    return this.body.bytes;
  }

  async #reading<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      // A client whose request is too large hears that, unless a fault sequence says something else.
      const isClients = this.endpointStatus === undefined && this.direction === "request";
      if (isClients && isTooLarge(error)) this.exchange.unanswered(413);
      throw error;
    }
  }

  /** The envelope; for JSON a virtual one that is to be read only. */
  async envelope(): Promise<XmlDocument> {
    const payload = await this.payload();
    if (payload.kind === "envelope") return payload.envelope;
    if (this.#virtual?.payload !== payload)
      this.#virtual = { payload, envelope: envelopeOf(payload) };
    return this.#virtual.envelope;
  }

  /** An envelope that may be changed: a JSON payload becomes XML first. */
  async editableEnvelope(): Promise<XmlDocument> {
    const payload = await this.payload();
    if (payload.kind === "envelope") return payload.envelope;
    const envelope = envelopeOf(payload);
    this.body.replace({ kind: "envelope", envelope, rest: true });
    return envelope;
  }

  /** Replaces the payload; the message then has a body. */
  replacePayload(payload: Payload): void {
    this.body.replace(payload);
    this.axis2.delete("NO_ENTITY_BODY");
    this.headers.remove("Content-Encoding");
  }

  /** Whether the message is plain XML, JSON or anything else but SOAP. Reads no body. */
  get isRest(): boolean {
    const { payload } = this.body;
    if (payload) return payload.kind === "json" || payload.rest;
    if (this.body.isEmpty) return true;
    const kind = payloadKindOf(parseContentType(this.headers.get("Content-Type")).type);
    return kind !== "soap11" && kind !== "soap12";
  }

  /** The SOAP version of the message. Reads no body. */
  get soapVersion(): SoapVersion {
    const { payload } = this.body;
    if (payload instanceof WrittenEnvelope && payload.version) return payload.version;
    if (payload?.kind === "envelope") return versionOf(payload.envelope) ?? "1.1";
    const { type } = parseContentType(this.headers.get("Content-Type"));
    return type === "application/soap+xml" ? "1.2" : "1.1";
  }

  /** An axis2 property as text; "" counts as unset. */
  axis2Text(name: string): string | undefined {
    const value = this.axis2.get(name);
    const text = value === undefined ? "" : propertyText(value);
    return text === "" ? undefined : text;
  }

  /** Whether an axis2 property says true. */
  axis2Flag(name: string): boolean {
    return this.axis2Text(name)?.toLowerCase() === "true";
  }

  /** Whether a default property says true. */
  flag(name: string): boolean {
    const value = this.properties.get(name);
    return value !== undefined && propertyText(value).toLowerCase() === "true";
  }

  /** Whether the WS-Addressing headers of the message go on with it. */
  get keepsAddressing(): boolean {
    return this.flag("PRESERVE_WS_ADDRESSING") || this.flag("preserveProcessedHeaders");
  }

  /** Turns the message into the answer to the client. */
  becomeResponse(): void {
    this.direction = "response";
    delete this.addressing.To;
  }
}

function copyOf(payload: Payload): Payload {
  if (payload.kind === "json") return payload;
  return { ...payload, envelope: cloneDocument(payload.envelope) };
}
