/**
 * Contracts of proxy services (WSDL 1.1): the published one with the addresses of its ports rewritten to where the
 * service can be reached, or a generated one with the single operation `mediate`.
 */
import { encodeEntities } from "../../config/xml-entities.ts";
import type { AddressPrefixes, Transport } from "../engine.ts";
import {
  elementsOf,
  parseDocument,
  rootOf,
  serializeNode,
  type XmlElementNode,
} from "../xml/dom.ts";
import { isExposed, type ProxyService } from "./proxy-service.ts";

const WSDL = "http://schemas.xmlsoap.org/wsdl/";
const WSDL20 = "http://www.w3.org/ns/wsdl";
const ADDRESS_NAMESPACES: readonly string[] = [
  "http://schemas.xmlsoap.org/wsdl/soap/",
  "http://schemas.xmlsoap.org/wsdl/soap12/",
  "http://schemas.xmlsoap.org/wsdl/http/",
];

/** Where one service can be reached, for each transport that it is exposed on and the node listens on. */
export type ServiceAddresses = Readonly<Partial<Record<Transport, string>>>;

const TRANSPORTS: readonly Transport[] = ["http", "https"];

/** The service's address on each transport. */
export function serviceAddresses(
  prefixes: AddressPrefixes,
  service: ProxyService,
): ServiceAddresses {
  const addresses: Partial<Record<Transport, string>> = {};
  for (const transport of TRANSPORTS) {
    const prefix = prefixes[transport];
    if (prefix === undefined || !isExposed(service, transport)) continue;
    addresses[transport] = `${prefix.replace(/\/+$/, "")}/services/${encodeURI(service.name)}`;
  }
  return addresses;
}

/**
 * The published text with every port address replaced: an https address by the service's https one where there
 * is one, everything else by its http one.
 * @throws MediationFault when the text is not XML.
 */
export function rewriteWsdl(text: string, addresses: ServiceAddresses): string {
  const document = parseDocument(text);
  rewriteAddresses(rootOf(document), addresses);
  return serializeNode(document);
}

function rewriteAddresses(element: XmlElementNode, addresses: ServiceAddresses): void {
  const namespace = element.namespaceURI ?? "";
  if (element.localName === "address" && ADDRESS_NAMESPACES.includes(namespace))
    rewriteAttribute(element, "location", addresses);
  if (element.localName === "endpoint" && namespace === WSDL20)
    rewriteAttribute(element, "address", addresses);
  for (const child of elementsOf(element)) rewriteAddresses(child, addresses);
}

function rewriteAttribute(
  element: XmlElementNode,
  name: string,
  addresses: ServiceAddresses,
): void {
  const { http, https } = addresses;
  const isTls = /^https:/i.test(element.getAttribute(name) ?? "");
  const address = isTls ? (https ?? http) : (http ?? https);
  if (address !== undefined) element.setAttribute(name, address);
}

/** A WSDL with the operation `mediate`, one SOAP 1.1 and one SOAP 1.2 port for each address. */
export function generateWsdl(service: ProxyService, addresses: ServiceAddresses): string {
  const name = encodeEntities(service.name);
  const ports = TRANSPORTS.flatMap((transport) => {
    const address = addresses[transport];
    return address === undefined ? [] : [portTexts(name, transport, address)];
  });
  return `<?xml version="1.0" encoding="UTF-8"?>
<wsdl:definitions xmlns:wsdl="${WSDL}" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:soap12="http://schemas.xmlsoap.org/wsdl/soap12/" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:tns="http://ws.apache.org/axis2" targetNamespace="http://ws.apache.org/axis2">
<wsdl:documentation>${name}</wsdl:documentation>
<wsdl:types><xs:schema/></wsdl:types>
<wsdl:portType name="${name}PortType"><wsdl:operation name="mediate"/></wsdl:portType>
${bindingText(name, "Soap11", "soap")}
${bindingText(name, "Soap12", "soap12")}
<wsdl:service name="${name}">
${ports.join("\n")}
</wsdl:service>
</wsdl:definitions>
`;
}

function bindingText(name: string, suffix: string, prefix: string): string {
  return `<wsdl:binding name="${name}${suffix}Binding" type="tns:${name}PortType"><${prefix}:binding transport="http://schemas.xmlsoap.org/soap/http" style="document"/><wsdl:operation name="mediate"><${prefix}:operation soapAction="urn:mediate" style="document"/></wsdl:operation></wsdl:binding>`;
}

function portTexts(name: string, transport: Transport, address: string): string {
  const word = transport === "https" ? "Https" : "Http";
  const location = encodeEntities(address);
  const port = (suffix: string, prefix: string): string =>
    `<wsdl:port name="${name}${word}${suffix}Endpoint" binding="tns:${name}${suffix}Binding"><${prefix}:address location="${location}"/></wsdl:port>`;
  return `${port("Soap11", "soap")}\n${port("Soap12", "soap12")}`;
}
