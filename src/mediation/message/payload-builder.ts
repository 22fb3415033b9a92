/**
 * Bytes → payload, by content type (Synapse's message builders). Called when the first mediator or endpoint
 * looks into a message; a message that nobody looks into never comes here. JSON stays text.
 */
import { encodeEntities } from "../../config/xml-entities.ts";
import { messageOf } from "../../errors/app-error.ts";
import { MediationFault } from "../mediation-fault.ts";
import { parseDocument, PAYLOAD_DEPTH_MAX, rootOf, type XmlDocument } from "../xml/dom.ts";
import { parseJson } from "../xml/exact-number.ts";
import { jsonDepth } from "../xml/json-depth.ts";
import type { JsonValue } from "../xml/json-path.ts";
import { jsonToXml } from "../xml/json-to-xml.ts";
import { emptyEnvelope, envelopeAround, PAYLOAD_NAMESPACE, versionOf } from "../xml/soap.ts";
import { decodeText } from "./charset.ts";
import { type ContentType, parseContentType, payloadKindOf } from "./content-type.ts";
import { buildFormParts, inlineAttachments, readRelated } from "./multipart-payload.ts";

/** More fields of a form are refused before they become elements. */
export const FORM_FIELDS_MAX = 20_000;

/** A built payload: an envelope, or JSON text with its parsed value. */
export type Payload =
  | { readonly kind: "envelope"; readonly envelope: XmlDocument; readonly rest: boolean }
  | { readonly kind: "json"; readonly text: string; readonly value: JsonValue };

/** An envelope without content, of the kind that the content type says; plain XML where it says nothing. */
export function emptyPayload(contentType: string | undefined): Payload {
  const kind = payloadKindOf(parseContentType(contentType).type);
  const version = kind === "soap12" ? "1.2" : "1.1";
  const isSoap = kind === "soap11" || kind === "soap12";
  return { kind: "envelope", envelope: emptyEnvelope(version), rest: !isSoap };
}

/** Parses JSON text. @throws MediationFault when it is not JSON, or nested deeper than PAYLOAD_DEPTH_MAX. */
export function jsonPayload(text: string): Payload {
  if (jsonDepth(text) > PAYLOAD_DEPTH_MAX) {
    const limit = `JSON is nested deeper than ${PAYLOAD_DEPTH_MAX} levels`;
    throw new MediationFault(`Error while building message. ${limit}`);
  }
  try {
    return { kind: "json", text, value: parseJson(text) };
  } catch (error) {
    throw new MediationFault(
      `Error while building message. JSON is malformed: ${messageOf(error)}`,
    );
  }
}

/** The envelope that XPath sees: for JSON a virtual one around `<jsonObject>`. */
export function envelopeOf(payload: Payload): XmlDocument {
  if (payload.kind === "envelope") return payload.envelope;
  return envelopeAround("1.1", [rootOf(parseDocument(jsonToXml(payload.value)))]);
}

/** The envelope around `<text xmlns="http://ws.apache.org/commons/ns/payload">`. */
export function textEnvelope(text: string): XmlDocument {
  return wrapped("text", text);
}

/**
 * Builds a payload.
 * @param hasSoapAction a SOAPAction header makes text/xml SOAP whatever its root is called.
 * @throws MediationFault when the bytes are not what the content type says.
 */
export function buildPayload(
  bytes: Buffer,
  contentType: string | undefined,
  hasSoapAction: boolean,
): Payload {
  const parsed = parseContentType(contentType);
  if (bytes.length === 0) return emptyPayload(contentType);
  switch (payloadKindOf(parsed.type)) {
    case "json":
      return jsonPayload(decodeText(bytes, parsed.charset));
    case "soap11":
    case "soap12":
    case "xml":
      return buildXml(bytes, parsed, hasSoapAction);
    case "form":
      return rest(buildForm(decodeText(bytes, parsed.charset)));
    case "multipart-form":
      return rest(buildFormParts(bytes, parsed));
    case "multipart-related":
      return buildRelated(bytes, parsed, hasSoapAction);
    case "text":
      return rest(textEnvelope(decodeText(bytes, parsed.charset)));
    case "binary":
    default:
      return rest(wrapped("binary", bytes.toString("base64")));
  }
}

function rest(envelope: XmlDocument): Payload {
  return { kind: "envelope", envelope, rest: true };
}

function buildXml(bytes: Buffer, type: ContentType, hasSoapAction: boolean): Payload {
  const document = parseDocument(decodeText(bytes, type.charset));
  const isPlain = payloadKindOf(type.type) === "xml";
  if (!isPlain && versionOf(document)) return { kind: "envelope", envelope: document, rest: false };
  if (!isPlain && (hasSoapAction || type.type === "application/soap+xml"))
    throw new MediationFault(
      "Error while building message. The first element of a SOAP message must be an Envelope of SOAP 1.1 or 1.2",
    );
  return rest(envelopeAround("1.1", [rootOf(document)]));
}

/** The root part decides what the message is; a multipart message within another is none. */
function buildRelated(bytes: Buffer, type: ContentType, hasSoapAction: boolean): Payload {
  const root = readRelated(bytes, type);
  if (payloadKindOf(parseContentType(root.type).type).startsWith("multipart"))
    throw new MediationFault("Error while building message. The root part is multipart itself");
  const payload = buildPayload(root.content, root.type ?? "text/xml", hasSoapAction);
  if (payload.kind === "envelope") inlineAttachments(payload.envelope, root.attachments);
  return payload;
}

function buildForm(text: string): XmlDocument {
  if (text.split("&", FORM_FIELDS_MAX + 1).length > FORM_FIELDS_MAX)
    throw new MediationFault(
      `Error while building message. The form has more than ${FORM_FIELDS_MAX} fields`,
    );
  const fields = [...new URLSearchParams(text)].map(([name, value]) => [name, value] as const);
  const valid = fields.filter(([name]) => /^[A-Za-z_][\w.-]*$/.test(name));
  const inner = valid.map(([name, value]) => `<${name}>${encodeEntities(value)}</${name}>`);
  const document = parseDocument(`<xformValues>${inner.join("")}</xformValues>`);
  return envelopeAround("1.1", [rootOf(document)]);
}

function wrapped(name: string, text: string): XmlDocument {
  const document = parseDocument(`<${name} xmlns="${PAYLOAD_NAMESPACE}"/>`);
  rootOf(document).appendChild(document.createTextNode(text));
  return envelopeAround("1.1", [rootOf(document)]);
}
