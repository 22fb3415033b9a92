/**
 * Multipart bodies as envelopes and back, as Axis2 does it: multipart/form-data is `<mediate>` with an element for each
 * part (files as base64), multipart/related its root part with what xop:Include names put in as base64 (MTOM).
 */
import { encodeEntities } from "../../config/xml-entities.ts";
import { MediationFault } from "../mediation-fault.ts";
import {
  elementsOf,
  parseDocument,
  removeChildren,
  rootOf,
  serializeNode,
  textContentOf,
  type XmlDocument,
  type XmlElementNode,
} from "../xml/dom.ts";
import { envelopeAround } from "../xml/soap.ts";
import { decodeText } from "./charset.ts";
import { type ContentType, parseContentType } from "./content-type.ts";
import { type BodyPart, fieldParameter, readParts, writeParts } from "./multipart.ts";

const XOP_NAMESPACE = "http://www.w3.org/2004/08/xop/include";
const ELEMENT_NAME = /^[A-Za-z_][\w.-]*$/;

/** @throws MediationFault when the bytes are not what the content type says. */
export function buildFormParts(bytes: Buffer, { boundary, charset }: ContentType): XmlDocument {
  const elements = readParts(bytes, boundary).map((part) => partElement(part, charset));
  const document = parseDocument(`<mediate>${elements.join("")}</mediate>`);
  return envelopeAround("1.1", [rootOf(document)]);
}

/** A part whose name is no XML name has no element, as in form bodies. */
function partElement(part: BodyPart, charset: string | undefined): string {
  const disposition = part.fields.get("content-disposition");
  const name = fieldParameter(disposition, "name") ?? "";
  if (!ELEMENT_NAME.test(name)) return "";
  const type = parseContentType(part.fields.get("content-type"));
  const isFile = fieldParameter(disposition, "filename") !== undefined;
  const isText = !isFile && (type.type === "" || type.type.startsWith("text/"));
  const text = isText
    ? encodeEntities(decodeText(part.content, type.charset ?? charset ?? "utf-8"))
    : part.content.toString("base64");
  return `<${name}>${text}</${name}>`;
}

/** The children of a payload as parts of a form: text as it is, elements as XML. */
export function formatFormParts(payload: XmlElementNode, boundary: string): Buffer {
  const parts = elementsOf(payload).map((element) => {
    const isXml = elementsOf(element).length > 0;
    const name = (element.localName ?? element.nodeName).replaceAll(/["\r\n]/g, "");
    return {
      fields: [
        `Content-Disposition: form-data; name="${name}"`,
        `Content-Type: ${isXml ? "text/xml" : "text/plain"}; charset=UTF-8`,
        "Content-Transfer-Encoding: 8bit",
      ],
      content: isXml ? elementsOf(element).map(serializeNode).join("") : textContentOf(element),
    };
  });
  return writeParts(parts, boundary);
}

/** The part of multipart/related that is the message. */
export interface RootPart {
  readonly type: string | undefined;
  readonly content: Buffer;
  /** The others, by Content-ID without brackets. */
  readonly attachments: ReadonlyMap<string, Buffer>;
}

/** @throws MediationFault when there is no root part. */
export function readRelated(bytes: Buffer, { boundary, start }: ContentType): RootPart {
  const parts = readParts(bytes, boundary);
  const root = parts.find((part) => start !== undefined && idOf(part) === bare(start)) ?? parts[0];
  if (!root) throw new MediationFault("Error while building message. There is no root part");
  const attachments = new Map<string, Buffer>();
  for (const part of parts) if (part !== root) attachments.set(idOf(part), part.content);
  return { type: rootType(root), content: root.content, attachments };
}

function idOf(part: BodyPart): string {
  return bare(part.fields.get("content-id") ?? "");
}

function bare(id: string): string {
  return id.trim().replaceAll(/^<|>$/g, "");
}

/** MTOM packs the type of the message into a parameter: `application/xop+xml; type="text/xml"`. */
function rootType({ fields }: BodyPart): string | undefined {
  const type = fields.get("content-type");
  if (parseContentType(type).type !== "application/xop+xml") return type;
  const inner = fieldParameter(type, "type") ?? "text/xml";
  const { charset } = parseContentType(type);
  return charset === undefined ? inner : `${inner}; charset=${charset}`;
}

/** How often the attachments of a message may stand in it, all of them taken together: a small message includes one a thousand times. */
const INCLUDED_TIMES_MAX = 2;

/**
 * Puts the attachments that the envelope includes in its text; one that is missing leaves it as it is.
 * @throws MediationFault when that makes more than INCLUDED_TIMES_MAX times what came.
 */
export function inlineAttachments(
  envelope: XmlDocument,
  attachments: ReadonlyMap<string, Buffer>,
): void {
  if (attachments.size === 0) return;
  let left = 0;
  for (const content of attachments.values()) left += content.length * INCLUDED_TIMES_MAX;
  // A list of its own: the document's changes with it.
  const includes = Array.from(envelope.getElementsByTagNameNS(XOP_NAMESPACE, "Include"));
  for (const include of includes) {
    const href = include.getAttribute("href") ?? "";
    const content = attachments.get(unescaped(href.replace(/^cid:/i, "")));
    const parent = include.parentNode;
    if (!content || !parent) continue;
    left -= content.length;
    if (left < 0)
      throw new MediationFault(
        "Error while building message. The envelope includes its attachments too often",
      );
    removeChildren(parent);
    parent.appendChild(envelope.createTextNode(content.toString("base64")));
  }
}

function unescaped(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}
