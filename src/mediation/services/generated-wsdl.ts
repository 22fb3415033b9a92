/**
 * Contracts for proxy services that publish none, or publish one of the other version: WSDL 1.1 and 2.0 with the operation
 * `mediate` (or those of the published WSDL), any content, and an endpoint for each address of the service.
 */
import { encodeEntities } from "../../config/xml-entities.ts";
import type { Transport } from "../engine.ts";
import { addressList, type ServiceAddresses } from "./service-address.ts";

/** What a generated contract says. */
export interface ContractFacts {
  readonly name: string;
  readonly addresses: ServiceAddresses;
  readonly operations: readonly string[];
}

const WSDL = "http://schemas.xmlsoap.org/wsdl/";
const NAMESPACE = "http://ws.apache.org/axis2";
const HTTP = "http://schemas.xmlsoap.org/soap/http";

/** WSDL 1.1: one SOAP 1.1 and one SOAP 1.2 port for each address. */
export function generateWsdl(facts: ContractFacts): string {
  const name = encodeEntities(facts.name);
  const operations = facts.operations.map((operation) => encodeEntities(operation));
  const ports = addressList(facts.addresses).flatMap(([transport, address]) => [
    portText(name, `${word(transport)}Soap11`, address),
    portText(name, `${word(transport)}Soap12`, address),
  ]);
  return `<?xml version="1.0" encoding="UTF-8"?>
<wsdl:definitions xmlns:wsdl="${WSDL}" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:soap12="http://schemas.xmlsoap.org/wsdl/soap12/" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:tns="${NAMESPACE}" targetNamespace="${NAMESPACE}">
<wsdl:documentation>${name}</wsdl:documentation>
<wsdl:types><xs:schema/></wsdl:types>
<wsdl:portType name="${name}PortType">${operations.map((operation) => `<wsdl:operation name="${operation}"/>`).join("")}</wsdl:portType>
${bindingText(name, "Soap11", operations)}
${bindingText(name, "Soap12", operations)}
<wsdl:service name="${name}">
${ports.join("\n")}
</wsdl:service>
</wsdl:definitions>
`;
}

function word(transport: Transport): string {
  return transport === "https" ? "Https" : "Http";
}

function bindingText(
  name: string,
  suffix: "Soap11" | "Soap12",
  operations: readonly string[],
): string {
  const prefix = suffix === "Soap11" ? "soap" : "soap12";
  const items = operations.map(
    (operation) =>
      `<wsdl:operation name="${operation}"><${prefix}:operation soapAction="urn:${operation}" style="document"/></wsdl:operation>`,
  );
  return `<wsdl:binding name="${name}${suffix}Binding" type="tns:${name}PortType"><${prefix}:binding transport="${HTTP}" style="document"/>${items.join("")}</wsdl:binding>`;
}

function portText(name: string, suffix: string, address: string): string {
  const version = suffix.endsWith("Soap12") ? "Soap12" : "Soap11";
  const prefix = version === "Soap12" ? "soap12" : "soap";
  return `<wsdl:port name="${name}${suffix}Endpoint" binding="tns:${name}${version}Binding"><${prefix}:address location="${encodeEntities(address)}"/></wsdl:port>`;
}

/** WSDL 2.0: one SOAP 1.2 endpoint for each address. */
export function generateWsdl20(facts: ContractFacts): string {
  const name = encodeEntities(facts.name);
  const operations = facts.operations.map((operation) => encodeEntities(operation));
  const endpoints = addressList(facts.addresses).map(
    ([transport, address]) =>
      `<wsdl2:endpoint name="${name}${word(transport)}Soap12Endpoint" binding="tns:${name}Soap12Binding" address="${encodeEntities(address)}"/>`,
  );
  const inOut = "http://www.w3.org/ns/wsdl/in-out";
  const items = operations.map(
    (operation) =>
      `<wsdl2:operation name="${operation}" pattern="${inOut}"><wsdl2:input element="#any"/><wsdl2:output element="#any"/></wsdl2:operation>`,
  );
  const bound = operations.map(
    (operation) => `<wsdl2:operation ref="tns:${operation}" wsoap:action="urn:${operation}"/>`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>
<wsdl2:description xmlns:wsdl2="http://www.w3.org/ns/wsdl" xmlns:wsoap="http://www.w3.org/ns/wsdl/soap" xmlns:tns="${NAMESPACE}" targetNamespace="${NAMESPACE}">
<wsdl2:documentation>${name}</wsdl2:documentation>
<wsdl2:interface name="${name}Interface">${items.join("")}</wsdl2:interface>
<wsdl2:binding name="${name}Soap12Binding" interface="tns:${name}Interface" type="http://www.w3.org/ns/wsdl/soap" wsoap:version="1.2" wsoap:protocol="http://www.w3.org/2003/05/soap/bindings/HTTP/">${bound.join("")}</wsdl2:binding>
<wsdl2:service name="${name}" interface="tns:${name}Interface">
${endpoints.join("\n")}
</wsdl2:service>
</wsdl2:description>
`;
}
