/**
 * The WSDL 1.1 document of the sample's SimpleStockQuoteService, for `?wsdl`: three ports, named as Axis2 names them, so
 * that WSDL endpoints of Synapse samples find their address. Its messages are any XML.
 */
import { encodeEntities } from "../../config/xml-entities.ts";

const SERVICE = "SimpleStockQuoteService";
const OPERATIONS: readonly string[] = ["getQuote", "getSimpleQuote", "placeOrder"];

/** @param host "name:port" that the service is reached at. */
export function stockQuoteWsdl(host: string): string {
  const address = `http://${encodeEntities(host)}/services/${SERVICE}`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:soap12="http://schemas.xmlsoap.org/wsdl/soap12/" xmlns:http="http://schemas.xmlsoap.org/wsdl/http/" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:tns="http://services.samples" targetNamespace="http://services.samples">
  <wsdl:message name="content"><wsdl:part name="parameters" type="xs:anyType"/></wsdl:message>
  <wsdl:portType name="${SERVICE}PortType">${OPERATIONS.map(operation).join("")}</wsdl:portType>
  ${binding("Soap11", `<soap:binding transport="http://schemas.xmlsoap.org/soap/http" style="document"/>`)}
  ${binding("Soap12", `<soap12:binding transport="http://schemas.xmlsoap.org/soap/http" style="document"/>`)}
  ${binding("", `<http:binding verb="POST"/>`)}
  <wsdl:service name="${SERVICE}">
    ${port("HttpSoap11Endpoint", "Soap11", `<soap:address location="${address}"/>`)}
    ${port("HttpSoap12Endpoint", "Soap12", `<soap12:address location="${address}"/>`)}
    ${port("HttpEndpoint", "", `<http:address location="${address}"/>`)}
  </wsdl:service>
</wsdl:definitions>
`;
}

function operation(name: string): string {
  const output = name === "placeOrder" ? "" : '<wsdl:output message="tns:content"/>';
  return `<wsdl:operation name="${name}"><wsdl:input message="tns:content"/>${output}</wsdl:operation>`;
}

function binding(kind: string, head: string): string {
  return `<wsdl:binding name="${SERVICE}${kind}Binding" type="tns:${SERVICE}PortType">${head}</wsdl:binding>`;
}

function port(name: string, kind: string, address: string): string {
  return `<wsdl:port name="${SERVICE}${name}" binding="tns:${SERVICE}${kind}Binding">${address}</wsdl:port>`;
}
