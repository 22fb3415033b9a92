/**
 * Published contracts of proxy services as `?wsdl` shows them: each port has the address of the service, a binding has a port for
 * every transport that the service is exposed on, and imports that the service publishes too point back to it.
 * Implements what Axis2 does with a WSDL of the user (modifyUserWSDLPortAddress).
 */
import type { Transport } from "../engine.ts";
import {
  elementsOf,
  parseDocument,
  rootOf,
  serializeNode,
  type XmlElementNode,
} from "../xml/dom.ts";
import { addressList, type ServiceAddresses } from "./service-address.ts";

const WSDL20 = "http://www.w3.org/ns/wsdl";
const ADDRESS_NAMESPACES: readonly string[] = [
  "http://schemas.xmlsoap.org/wsdl/soap/",
  "http://schemas.xmlsoap.org/wsdl/soap12/",
  "http://schemas.xmlsoap.org/wsdl/http/",
];

export interface RewriteOptions {
  /** Undefined: addresses stay. */
  readonly addresses: ServiceAddresses | undefined;
  /** Where the document imports of that location are: "P?xsd=a.xsd"; undefined: the location stays. */
  readonly importAddress: (location: string, question: "wsdl" | "xsd") => string | undefined;
}

/** @throws MediationFault when the text is not XML. */
export function rewriteWsdl(text: string, options: RewriteOptions): string {
  const document = parseDocument(text);
  const root = rootOf(document);
  if (options.addresses)
    for (const service of elementsOf(root)) rewritePorts(service, options.addresses);
  rewriteImports(root, options);
  return serializeNode(document);
}

/** Whether a WSDL text is of version 2.0. */
export function isWsdl20(text: string): boolean {
  return rootOf(parseDocument(text)).namespaceURI === WSDL20;
}

interface PortAddress {
  readonly element: XmlElementNode;
  readonly attribute: "location" | "address";
}

function rewritePorts(service: XmlElementNode, addresses: ServiceAddresses): void {
  if (service.localName !== "service") return;
  const bound = new Map<string, Set<Transport>>();
  const ports = elementsOf(service).filter((port) => addressOf(port) !== undefined);
  for (const port of ports) {
    const transport = setAddress(port, addresses);
    const binding = port.getAttribute("binding") ?? "";
    const taken = bound.get(binding) ?? new Set<Transport>();
    bound.set(binding, transport === undefined ? taken : taken.add(transport));
  }
  for (const port of ports) addMissingPorts(port, addresses, bound);
}

/** An https address becomes the service's https one where there is one, everything else its http one. */
function setAddress(port: XmlElementNode, addresses: ServiceAddresses): Transport | undefined {
  const place = addressOf(port);
  const isTls = /^https:/i.test(place?.element.getAttribute(place.attribute) ?? "");
  const [first] = addressList(addresses);
  const transport: Transport | undefined =
    isTls && addresses.https !== undefined ? "https" : first?.[0];
  const address = transport && addresses[transport];
  if (place && address !== undefined) place.element.setAttribute(place.attribute, address);
  return transport;
}

/** One more port of the same binding for each transport that has none yet. */
function addMissingPorts(
  port: XmlElementNode,
  addresses: ServiceAddresses,
  bound: ReadonlyMap<string, Set<Transport>>,
): void {
  const taken = bound.get(port.getAttribute("binding") ?? "");
  for (const [transport, address] of addressList(addresses)) {
    if (!taken || taken.has(transport)) continue;
    taken.add(transport);
    const copy = port.cloneNode(true);
    port.parentNode?.insertBefore(copy, port.nextSibling);
    nameCopy(copy as XmlElementNode, transport, address);
  }
}

function nameCopy(copy: XmlElementNode, transport: Transport, address: string): void {
  const word = transport === "https" ? "Https" : "Http";
  copy.setAttribute("name", `${copy.getAttribute("name") ?? ""}${word}`);
  const place = addressOf(copy);
  place?.element.setAttribute(place.attribute, address);
}

function addressOf(port: XmlElementNode): PortAddress | undefined {
  if (port.localName === "endpoint" && port.namespaceURI === WSDL20)
    return { element: port, attribute: "address" };
  const element = elementsOf(port).find(
    (child) =>
      child.localName === "address" && ADDRESS_NAMESPACES.includes(child.namespaceURI ?? ""),
  );
  return element && { element, attribute: "location" };
}

const IMPORTS: readonly string[] = ["import", "include", "redefine"];

function rewriteImports(element: XmlElementNode, options: RewriteOptions): void {
  for (const child of elementsOf(element)) {
    if (IMPORTS.includes(child.localName ?? "")) {
      setImport(child, "schemaLocation", options);
      setImport(child, "location", options);
    }
    rewriteImports(child, options);
  }
}

function setImport(element: XmlElementNode, attribute: string, options: RewriteOptions): void {
  const location = element.getAttribute(attribute);
  if (location === null || location === "") return;
  const question = attribute === "schemaLocation" ? "xsd" : "wsdl";
  const address = options.importAddress(location, question);
  if (address !== undefined) element.setAttribute(attribute, address);
}

/** The schemas inside `types`, in order. @throws MediationFault when the text is not XML. */
export function inlineSchemas(text: string): readonly string[] {
  return elementsOf(rootOf(parseDocument(text)))
    .filter((element) => element.localName === "types")
    .flatMap((types) => elementsOf(types))
    .filter((element) => element.localName === "schema")
    .map(serializeNode);
}
