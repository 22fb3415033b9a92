/** The contract of SimpleStockQuoteService as a back end publishes it at `?wsdl`: WSDL 1.1 with a SOAP 1.1 and a SOAP 1.2 port. */

/** @param address where the service is, "http://localhost:9000/services/SimpleStockQuoteService". */
export function stockQuoteWsdl(address: string): string {
  const operations = ["getQuote", "getSimpleQuote", "placeOrder"] as const;
  const each = (make: (name: string) => string): string => operations.map(make).join("");
  return `<?xml version="1.0" encoding="UTF-8"?>
<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:soap12="http://schemas.xmlsoap.org/wsdl/soap12/" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:s="http://services.samples" targetNamespace="http://services.samples">
<wsdl:types><xs:schema targetNamespace="http://services.samples" elementFormDefault="qualified">${each(
    (name) =>
      `<xs:element name="${name}"><xs:complexType><xs:sequence><xs:any processContents="lax" minOccurs="0" maxOccurs="unbounded"/></xs:sequence></xs:complexType></xs:element>`,
  )}</xs:schema></wsdl:types>
${each((name) => `<wsdl:message name="${name}Request"><wsdl:part name="parameters" element="s:${name}"/></wsdl:message>`)}
<wsdl:portType name="SimpleStockQuoteServicePortType">${each((name) => `<wsdl:operation name="${name}"><wsdl:input message="s:${name}Request"/></wsdl:operation>`)}</wsdl:portType>
${binding("soap", "Soap11", each)}
${binding("soap12", "Soap12", each)}
<wsdl:service name="SimpleStockQuoteService">${port("soap", "Soap11", address)}${port("soap12", "Soap12", address)}</wsdl:service>
</wsdl:definitions>`;
}

function binding(
  prefix: string,
  version: string,
  each: (make: (name: string) => string) => string,
): string {
  const operations = each(
    (name) =>
      `<wsdl:operation name="${name}"><${prefix}:operation soapAction="urn:${name}" style="document"/><wsdl:input><${prefix}:body use="literal"/></wsdl:input></wsdl:operation>`,
  );
  return `<wsdl:binding name="SimpleStockQuoteService${version}Binding" type="s:SimpleStockQuoteServicePortType"><${prefix}:binding transport="http://schemas.xmlsoap.org/soap/http" style="document"/>${operations}</wsdl:binding>`;
}

function port(prefix: string, version: string, address: string): string {
  const at = `${address}.SimpleStockQuoteServiceHttp${version}Endpoint/`;
  return `<wsdl:port name="SimpleStockQuoteServiceHttp${version}Endpoint" binding="s:SimpleStockQuoteService${version}Binding"><${prefix}:address location="${at}"/></wsdl:port>`;
}
