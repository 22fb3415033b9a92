/**
 * SOAP faults: building them (SOAP 1.1 section 4.4, SOAP 1.2 part 1 section 5.4) and turning an envelope of
 * one SOAP version into the other, faults included, for clients that spoke the other version.
 */
import {
  appendCopy,
  appendElement,
  elementsOf,
  isElement,
  type XmlDocument,
  type XmlElementNode,
  type XmlNode,
  elementNamed,
  textContentOf,
} from "./dom.ts";
import {
  bodyOf,
  emptyEnvelope,
  ensureHeader,
  headerOf,
  isFault,
  payloadOf,
  SOAP_NAMESPACES,
  type SoapVersion,
  versionOf,
} from "./soap.ts";

export interface FaultParts {
  /** Local name of the code, for example "Server"; a code of another namespace keeps its text. */
  readonly code: string;
  readonly reason: string;
  /** SOAP 1.2 only. */
  readonly node?: string | undefined;
  /** faultactor in SOAP 1.1. */
  readonly role?: string | undefined;
  /** Text or nodes inside detail. */
  readonly detail?: string | readonly XmlNode[] | undefined;
}

/** Codes that mean the same in both versions: SOAP 1.1 name → SOAP 1.2 name. */
const CODES_OF_12: Readonly<Record<string, string>> = { Server: "Receiver", Client: "Sender" };
const CODES_OF_11: Readonly<Record<string, string>> = { Receiver: "Server", Sender: "Client" };

/** An envelope with one fault. */
export function faultEnvelope(version: SoapVersion, parts: FaultParts): XmlDocument {
  const envelope = emptyEnvelope(version);
  const fault = appendElement(bodyOf(envelope), SOAP_NAMESPACES[version], "soapenv:Fault");
  if (version === "1.1") fill11(fault, parts);
  else fill12(fault, parts);
  return envelope;
}

function fill11(fault: XmlElementNode, parts: FaultParts): void {
  appendElement(fault, null, "faultcode", `soapenv:${CODES_OF_11[parts.code] ?? parts.code}`);
  appendElement(fault, null, "faultstring", parts.reason);
  if (parts.role !== undefined) appendElement(fault, null, "faultactor", parts.role);
  if (parts.detail !== undefined) fillDetail(appendElement(fault, null, "detail"), parts.detail);
}

function fill12(fault: XmlElementNode, parts: FaultParts): void {
  const namespace = SOAP_NAMESPACES["1.2"];
  const code = appendElement(fault, namespace, "soapenv:Code");
  appendElement(
    code,
    namespace,
    "soapenv:Value",
    `soapenv:${CODES_OF_12[parts.code] ?? parts.code}`,
  );
  const reason = appendElement(fault, namespace, "soapenv:Reason");
  const text = appendElement(reason, namespace, "soapenv:Text", parts.reason);
  text.setAttributeNS("http://www.w3.org/XML/1998/namespace", "xml:lang", "en-US");
  if (parts.node !== undefined) appendElement(fault, namespace, "soapenv:Node", parts.node);
  if (parts.role !== undefined) appendElement(fault, namespace, "soapenv:Role", parts.role);
  if (parts.detail !== undefined)
    fillDetail(appendElement(fault, namespace, "soapenv:Detail"), parts.detail);
}

function fillDetail(element: XmlElementNode, detail: string | readonly XmlNode[]): void {
  if (typeof detail !== "string") {
    for (const node of detail) appendCopy(element, node);
    return;
  }
  const owner = element.ownerDocument;
  if (owner) element.appendChild(owner.createTextNode(detail));
}

/** A fault as clients that speak no SOAP see it (POXUtils): the text of its detail, else its reason. */
export function exceptionEnvelope({ detail, reason }: FaultParts): XmlDocument {
  const envelope = emptyEnvelope("1.1");
  const texts = typeof detail === "string" ? [] : (detail ?? []).filter((node) => !isElement(node));
  const text = typeof detail === "string" ? detail : texts.map(textContentOf).join("");
  appendElement(bodyOf(envelope), null, "Exception", text.trim() === "" ? reason : text);
  return envelope;
}

/** The parts of the fault in an envelope, or undefined when it holds none. */
export function faultPartsOf(envelope: XmlDocument): FaultParts | undefined {
  const fault = payloadOf(envelope);
  if (!fault || !isFault(envelope)) return undefined;
  return versionOf(envelope) === "1.2" ? parts12(fault) : parts11(fault);
}

function parts11(fault: XmlElementNode): FaultParts {
  const text = (name: string): string | undefined => optionalText(elementNamed(fault, "", name));
  const detail = elementNamed(fault, "", "detail");
  return {
    code: localPart(text("faultcode") ?? "Server"),
    reason: text("faultstring") ?? "",
    role: text("faultactor"),
    detail: detail && childrenOf(detail),
  };
}

function parts12(fault: XmlElementNode): FaultParts {
  const namespace = SOAP_NAMESPACES["1.2"];
  const child = (parent: XmlElementNode | undefined, name: string): XmlElementNode | undefined =>
    parent && elementNamed(parent, namespace, name);
  const detail = child(fault, "Detail");
  return {
    code: localPart(optionalText(child(child(fault, "Code"), "Value")) ?? "Receiver"),
    reason: optionalText(child(child(fault, "Reason"), "Text")) ?? "",
    node: optionalText(child(fault, "Node")),
    role: optionalText(child(fault, "Role")),
    detail: detail && childrenOf(detail),
  };
}

function optionalText(element: XmlElementNode | undefined): string | undefined {
  return element && textContentOf(element).trim();
}

function localPart(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}

function childrenOf(element: XmlElementNode): readonly XmlNode[] {
  const nodes: XmlNode[] = [];
  for (let node = element.firstChild; node; node = node.nextSibling) nodes.push(node);
  return nodes;
}

/** The same message in the other SOAP version: header blocks and body copied, a fault rewritten. */
export function convertEnvelope(envelope: XmlDocument, version: SoapVersion): XmlDocument {
  if (versionOf(envelope) === version) return envelope;
  const parts = faultPartsOf(envelope);
  const converted = parts ? faultEnvelope(version, parts) : emptyEnvelope(version);
  if (!parts) for (const node of childrenOf(bodyOf(envelope))) appendCopy(bodyOf(converted), node);
  const header = headerOf(envelope);
  if (header) for (const block of elementsOf(header)) appendCopy(ensureHeader(converted), block);
  return converted;
}
