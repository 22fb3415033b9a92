/** The result of a transformation (xslt, xquery) in the place of what was transformed. */
import type { Message } from "../message/message.ts";
import { MediationFault } from "../mediation-fault.ts";
import {
  parseDocument,
  removeChildren,
  rootOf,
  type XmlDocument,
  type XmlElementNode,
} from "../xml/dom.ts";
import { PAYLOAD_NAMESPACE, versionOf } from "../xml/soap.ts";

/** XML text as a document; undefined when it is none. */
export function documentOf(text: string): XmlDocument | undefined {
  const bare = text.replace(/<!DOCTYPE[^>[]*>/, "").trim();
  if (!bare.startsWith("<")) return undefined;
  try {
    return parseDocument(bare);
  } catch (error) {
    if (error instanceof MediationFault) return undefined;
    throw error;
  }
}

/**
 * Puts a result in the place of `source`: children of the body where that is the body itself, the whole message where
 * it is the envelope. Text that is not XML becomes a text payload.
 */
export function putResult(message: Message, source: XmlElementNode, text: string): void {
  const document = documentOf(text) ?? textDocument(text);
  const owner = source.ownerDocument;
  if (!owner) throw new MediationFault("The source of the transformation belongs to no message");
  if (versionOf(document) !== undefined && isWhole(source)) {
    message.replacePayload({ kind: "envelope", envelope: document, rest: message.isRest });
    return;
  }
  const result = owner.importNode(rootOf(document), true);
  if (isBody(source)) {
    removeChildren(source);
    source.appendChild(result);
  } else source.parentNode?.replaceChild(result, source);
  message.axis2.delete("NO_ENTITY_BODY");
}

function textDocument(text: string): XmlDocument {
  const document = parseDocument(`<text xmlns="${PAYLOAD_NAMESPACE}"/>`);
  const content = text.replace(/^<\?xml[^>]*\?>\s*/, "");
  rootOf(document).appendChild(document.createTextNode(content));
  return document;
}

function isWhole(source: XmlElementNode): boolean {
  return source.parentNode?.nodeType === 9;
}

function isBody(source: XmlElementNode): boolean {
  const parent = source.parentNode;
  return source.localName === "Body" && parent?.nodeName.endsWith("Envelope") === true;
}
