/**
 * Envelopes: SOAP 1.1 (section 4), SOAP 1.2 part 1 (section 5) and plain XML, which lives inside a
 * SOAP 1.1 envelope as Synapse keeps it. Everything that mediators see of a message is such an envelope.
 */
import { MediationFault } from "../mediation-fault.ts";
import {
  appendCopy,
  elementNamed,
  elementsOf,
  parseDocument,
  rootOf,
  type XmlDocument,
  type XmlElementNode,
  type XmlNode,
} from "./dom.ts";

export type SoapVersion = "1.1" | "1.2";

export const SOAP_NAMESPACES: Readonly<Record<SoapVersion, string>> = {
  "1.1": "http://schemas.xmlsoap.org/soap/envelope/",
  "1.2": "http://www.w3.org/2003/05/soap-envelope",
};

/** Namespace of the wrapper elements for text and binary payloads. */
export const PAYLOAD_NAMESPACE = "http://ws.apache.org/commons/ns/payload";

/** An envelope with an empty body. */
export function emptyEnvelope(version: SoapVersion): XmlDocument {
  const namespace = SOAP_NAMESPACES[version];
  return parseDocument(
    `<soapenv:Envelope xmlns:soapenv="${namespace}"><soapenv:Body/></soapenv:Envelope>`,
  );
}

/** The SOAP version of an envelope, or undefined when the root is no SOAP envelope. */
export function versionOf(document: XmlDocument): SoapVersion | undefined {
  const root = rootOf(document);
  if (root.localName !== "Envelope") return undefined;
  if (root.namespaceURI === SOAP_NAMESPACES["1.1"]) return "1.1";
  return root.namespaceURI === SOAP_NAMESPACES["1.2"] ? "1.2" : undefined;
}

/** An envelope whose body holds copies of the nodes. */
export function envelopeAround(version: SoapVersion, nodes: readonly XmlNode[]): XmlDocument {
  const envelope = emptyEnvelope(version);
  const body = bodyOf(envelope);
  for (const node of nodes) appendCopy(body, node);
  return envelope;
}

/** @throws MediationFault when the envelope has no body. */
export function bodyOf(envelope: XmlDocument): XmlElementNode {
  const root = rootOf(envelope);
  const body = elementNamed(root, root.namespaceURI ?? "", "Body");
  if (!body) throw new MediationFault("The SOAP envelope has no Body element");
  return body;
}

export function headerOf(envelope: XmlDocument): XmlElementNode | undefined {
  const root = rootOf(envelope);
  return elementNamed(root, root.namespaceURI ?? "", "Header");
}

/** The header of the envelope, made where there is none. */
export function ensureHeader(envelope: XmlDocument): XmlElementNode {
  const present = headerOf(envelope);
  if (present) return present;
  const root = rootOf(envelope);
  const prefix = root.prefix ? `${root.prefix}:` : "";
  const header = envelope.createElementNS(root.namespaceURI, `${prefix}Header`);
  root.insertBefore(header, root.firstChild);
  return header;
}

/** The first element of the body: the payload. */
export function payloadOf(envelope: XmlDocument): XmlElementNode | undefined {
  return elementsOf(bodyOf(envelope))[0];
}

/** Whether the body holds a SOAP fault. */
export function isFault(envelope: XmlDocument): boolean {
  const payload = payloadOf(envelope);
  return payload?.localName === "Fault" && payload.namespaceURI === rootOf(envelope).namespaceURI;
}
