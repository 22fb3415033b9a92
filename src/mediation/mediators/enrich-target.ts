/** Where `enrich` puts to (Synapse's enrich Target): element, text, attribute, body, envelope, or a property by get-property. */
import type { Message } from "../message/message.ts";
import { PROPERTY_SCOPES, setProperty } from "../message/property-scope.ts";
import { MediationFault } from "../mediation-fault.ts";
import {
  isElement,
  isText,
  parseDocument,
  removeChildren,
  serializeNode,
  type XmlElementNode,
  type XmlNode,
} from "../xml/dom.ts";
import { bodyOf, payloadOf, versionOf } from "../xml/soap.ts";
import type { EnrichAction, EnrichTarget } from "./enrich.ts";
import { nodesText } from "./enrich-source.ts";

/** The message's envelope may be changed. @throws MediationFault when there is no such target. */
export async function enrichTarget(
  target: Exclude<EnrichTarget, { readonly kind: "property" }>,
  action: EnrichAction,
  nodes: readonly XmlNode[],
  message: Message,
): Promise<void> {
  if (target.kind === "envelope") return replaceEnvelope(nodes, message);
  const envelope = await message.editableEnvelope();
  if (target.kind !== "custom") {
    const payload = payloadOf(envelope);
    if (payload) insertAt(payload, action, nodes);
    else fillBody(bodyOf(envelope), nodes);
    message.axis2.delete("NO_ENTITY_BODY");
    return undefined;
  }
  if (setsProperty(target.expression.source, nodes, message)) return undefined;
  const result = await target.expression.evaluate(message);
  const found = result.kind === "xpath" && typeof result.value === "object" ? result.value : [];
  const [place] = found;
  if (!place) throw new MediationFault("Invalid Target object to be enrich.");
  if (isElement(place)) insertAt(place, action, nodes);
  else setText(place, nodesText(nodes));
  return undefined;
}

function fillBody(body: XmlElementNode, nodes: readonly XmlNode[]): void {
  removeChildren(body);
  for (const node of nodes) body.appendChild(imported(body, node));
}

function imported(place: XmlNode, node: XmlNode): XmlNode {
  const owner = place.ownerDocument;
  if (!owner) throw new MediationFault("Invalid Target object to be enrich.");
  return owner.importNode(node, true);
}

function insertAt(place: XmlElementNode, action: EnrichAction, nodes: readonly XmlNode[]): void {
  const elements = nodes.filter(isElement);
  if (action === "child") {
    for (const element of elements) place.appendChild(imported(place, element));
    return;
  }
  const { parentNode: parent } = place;
  if (!parent) throw new MediationFault("Invalid Target object to be enrich.");
  const before = action === "replace" ? place : place.nextSibling;
  for (const element of elements) parent.insertBefore(imported(place, element), before);
  if (action !== "replace") return;
  if (elements.length > 0) parent.removeChild(place);
  else setElementText(place, nodesText(nodes));
}

function setElementText(element: XmlElementNode, text: string): void {
  removeChildren(element);
  const owner = element.ownerDocument;
  if (owner && text !== "") element.appendChild(owner.createTextNode(text));
}

/** A text stands for the element that holds it. */
function setText(place: XmlNode, text: string): void {
  if (isText(place) && place.parentNode && isElement(place.parentNode))
    setElementText(place.parentNode, text);
  else if (place.nodeType === 2 && "value" in place) place.value = text;
  else throw new MediationFault("Invalid Target object to be enrich.");
}

function replaceEnvelope(nodes: readonly XmlNode[], message: Message): void {
  const [root] = nodes;
  const document = root && isElement(root) ? parseDocument(serializeNode(root)) : undefined;
  if (!document || versionOf(document) === undefined)
    throw new MediationFault("SOAPEnvelope is expected as the source of an enrich to the envelope");
  bodyOf(document);
  message.replacePayload({ kind: "envelope", envelope: document, rest: message.isRest });
}

const PROPERTY_TARGET =
  /^\s*get-property\(\s*(?:['"]([^'"]*)['"]\s*,\s*)?['"]([^'"]*)['"]\s*\)\s*$/;

/** `get-property('scope','name')` as a target means the property itself. */
function setsProperty(source: string, nodes: readonly XmlNode[], message: Message): boolean {
  const match = PROPERTY_TARGET.exec(source);
  if (!match) return false;
  const word = match[1] ?? "default";
  const scope = PROPERTY_SCOPES.find((known) => known === word);
  if (!scope) throw new MediationFault(`Invalid Target object to be enrich: scope ${word}`);
  setProperty(message, scope, match[2] ?? "", nodes.some(isElement) ? nodes : nodesText(nodes));
  return true;
}
