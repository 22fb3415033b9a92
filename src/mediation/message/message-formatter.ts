/**
 * Payload → bytes (Synapse's message formatters). The axis2 property `messageType` chooses the formatter, else the
 * content type that the message came with; `ContentType` replaces the header's text. Untouched
 * bytes pass through with their own headers, unless messageType asks for another kind.
 */
import type { ByteStream } from "../../net/byte-stream.ts";
import type { Soon } from "../../runtime/soon.ts";
import { elementsOf, rootOf, serializeNode, textContentOf, type XmlDocument } from "../xml/dom.ts";
import { convertEnvelope } from "../xml/soap-fault.ts";
import { payloadOf, type SoapVersion } from "../xml/soap.ts";
import { xmlToJson } from "../xml/xml-to-json.ts";
import { encodeText, isWritable } from "./charset.ts";
import { parseContentType, type PayloadKind, payloadKindOf } from "./content-type.ts";
import type { Message } from "./message.ts";
import { formatFormParts } from "./multipart-payload.ts";
import { envelopeOf, type Payload } from "./payload-builder.ts";
import { WrittenEnvelope } from "./written-envelope.ts";

/** What the other side of this hop speaks, where no messageType says it. */
export type WireFormat = "soap11" | "soap12" | "rest";

export interface FormattedBody {
  readonly body: ByteStream | Buffer | undefined;
  /** The new Content-Type; undefined keeps the message's. */
  readonly contentType: string | undefined;
}

/**
 * The bytes of a message.
 * @param wire undefined: the kind that the message has already.
 * @throws MediationFault when the body has to be built for it and is faulty.
 */
export function formatMessage(message: Message, wire: WireFormat | undefined): Soon<FormattedBody> {
  const { payload } = message.body;
  if (payload) return formatPayload(message, payload, wire);
  const isKept = message.axis2Text("messageType") === undefined;
  if (isKept && (wire === undefined || wire === wireOf(message)))
    return { body: message.body.takeRaw(), contentType: undefined };
  return message.payload().then((built) => formatPayload(message, built, wire));
}

function formatPayload(
  message: Message,
  payload: Payload,
  wire: WireFormat | undefined,
): FormattedBody {
  const type = message.axis2Text("messageType") ?? typeOf(message, payload, wire);
  const kind = payloadKindOf(parseContentType(type).type);
  if (kind === "multipart-form") return formParts(message, payload);
  const charset = charsetOf(message, type);
  const contentType = contentTypeHeader(message, type, charset);
  if (payload instanceof WrittenEnvelope && charset === "utf-8") {
    const written = payload.bytesFor(kind, payload.rest && wire !== "soap11");
    if (written) return { body: written, contentType };
  }
  const text = payloadText(payload, type, wire);
  if (kind === "binary") return { body: Buffer.from(text, "base64"), contentType };
  return { body: encodeText(text, charset, XML_KINDS.has(kind)), contentType };
}

const XML_KINDS: ReadonlySet<PayloadKind> = new Set(["soap11", "soap12", "xml"]);

/** A form that mediators have seen gets a boundary of its own. */
function formParts(message: Message, payload: Payload): FormattedBody {
  const id = message.environment.newMessageId().replaceAll(/[^0-9A-Za-z]/g, "");
  const boundary = `MIMEBoundary_${id}`;
  const content = payloadOf(envelopeOf(payload));
  const body = content ? formatFormParts(content, boundary) : Buffer.alloc(0);
  return { body, contentType: `multipart/form-data; boundary=${boundary}` };
}

/** Of the text that goes out: what mediation has set, else the one in which the message came, where it can be written. */
function charsetOf(message: Message, type: string): string {
  const header = message.axis2Text("ContentType") ?? type;
  const wanted =
    parseContentType(header).charset ??
    message.axis2Text("CHARACTER_SET_ENCODING") ??
    parseContentType(message.headers.get("Content-Type")).charset ??
    "UTF-8";
  return isWritable(wanted.toLowerCase()) ? wanted.toLowerCase() : "utf-8";
}

/** What the message is now. Reads no body. */
export function wireOf(message: Message): WireFormat {
  if (message.isRest) return "rest";
  return message.soapVersion === "1.2" ? "soap12" : "soap11";
}

/** The media type where no messageType is set. */
function typeOf(message: Message, payload: Payload, wire: WireFormat | undefined): string {
  const came = parseContentType(message.headers.get("Content-Type")).type;
  if (payload.kind === "json") return payloadKindOf(came) === "json" ? came : "application/json";
  if (wire === "soap11") return "text/xml";
  if (wire === "soap12") return "application/soap+xml";
  if (wire === undefined && !payload.rest) return typeOfVersion(message.soapVersion);
  const isSoapType = came === "text/xml" || came === "application/soap+xml" || came === "";
  const isPlain = isSoapType || payloadKindOf(came) === "multipart-related";
  return isPlain ? "application/xml" : came;
}

function typeOfVersion(version: SoapVersion): string {
  return version === "1.2" ? "application/soap+xml" : "text/xml";
}

function payloadText(payload: Payload, type: string, wire: WireFormat | undefined): string {
  const kind = payloadKindOf(parseContentType(type).type);
  if (payload.kind === "json") {
    if (kind === "json" || kind === "text" || kind === "binary")
      return kind === "binary" ? Buffer.from(payload.text).toString("base64") : payload.text;
    return envelopeText(envelopeOf(payload), kind, wire !== "soap11");
  }
  return envelopeText(payload.envelope, kind, payload.rest && wire !== "soap11");
}

function envelopeText(envelope: XmlDocument, kind: PayloadKind, rest: boolean): string {
  const payload = payloadOf(envelope);
  switch (kind) {
    case "json":
      return payload ? xmlToJson(payload) : "{}";
    case "soap11":
      // Axis2 writes text/xml of a REST message as plain XML.
      if (rest) return payload ? serializeNode(payload) : "";
      return serializeNode(rootOf(convertEnvelope(envelope, "1.1")));
    case "soap12":
      return serializeNode(rootOf(convertEnvelope(envelope, "1.2")));
    case "xml":
      return payload ? serializeNode(payload) : "";
    case "form":
      return payload ? formText(payload) : "";
    case "text":
    case "binary":
    case "multipart-form":
    case "multipart-related":
    default:
      return payload ? textContentOf(payload) : "";
  }
}

function formText(payload: Parameters<typeof elementsOf>[0]): string {
  const fields = new URLSearchParams();
  for (const element of elementsOf(payload))
    fields.append(element.localName ?? element.nodeName, textContentOf(element));
  return fields.toString();
}

function contentTypeHeader(message: Message, type: string, charset: string): string {
  const header = message.axis2Text("ContentType") ?? type;
  const { type: media, charset: named, action } = parseContentType(header);
  const shown = charset === "utf-8" ? "UTF-8" : charset.toUpperCase();
  // setCharacterEncoding=false of later versions: a type without a charset gets none.
  const isBare = message.axis2Text("setCharacterEncoding")?.toLowerCase() === "false";
  const completed = isBare ? header : `${header}; charset=${shown}`;
  const parts = [named === undefined ? completed : renamed(header, charset)];
  const soapAction = message.addressing.Action;
  if (media === "application/soap+xml" && action === undefined && soapAction !== undefined)
    parts.push(`action="${soapAction.replace(/["\\\r\n]/g, "")}"`);
  return parts.join("; ");
}

/** The header with the charset that was written, where that is not the one it names. */
function renamed(header: string, charset: string): string {
  if (parseContentType(header).charset === charset) return header;
  return header.replace(/(;\s*charset\s*=\s*)(?:"[^"]*"|[^;]*)/i, `$1${charset.toUpperCase()}`);
}
