/**
 * The address of a port in a WSDL 1.1 document (WSDL11EndpointBuilder): where messages go and in which form, by the
 * kind of the port's address element. Imported documents are not followed.
 */
import { attributeOf, childElements, childrenNamed } from "../../config/xml-query.ts";
import type { XmlElement } from "../../config/xml.ts";
import type { EndpointFormat } from "./endpoint.ts";

const WSDL11_NAMESPACE = "http://schemas.xmlsoap.org/wsdl/";
const WSDL20_NAMESPACE = "http://www.w3.org/ns/wsdl";

const ADDRESS_FORMATS: Readonly<Record<string, EndpointFormat>> = {
  "http://schemas.xmlsoap.org/wsdl/soap/": "soap11",
  "http://schemas.xmlsoap.org/wsdl/soap12/": "soap12",
  "http://schemas.xmlsoap.org/wsdl/http/": "rest",
};

export interface WsdlPort {
  readonly service: string;
  readonly port: string;
}

export interface WsdlAddress {
  readonly uri: string;
  readonly format: EndpointFormat;
}

/** The address of the port, or the sentence that says why there is none. */
export function wsdlAddress(root: XmlElement, wanted: WsdlPort): WsdlAddress | string {
  if (root.namespace === WSDL20_NAMESPACE) return "WSDL 2.0 Endpoints are currently not supported.";
  if (root.namespace !== WSDL11_NAMESPACE || root.name !== "definitions")
    return "The document of a WSDL endpoint is not a WSDL 1.1 document.";
  for (const service of childrenNamed(root, "service")) {
    if (attributeOf(service, "name") !== wanted.service) continue;
    for (const port of childrenNamed(service, "port"))
      if (attributeOf(port, "name") === wanted.port) return addressOf(port, wanted);
  }
  return `Couldn't retrieve endpoint information from the WSDL. It has no service ${wanted.service} with a port ${wanted.port}.`;
}

function addressOf(port: XmlElement, wanted: WsdlPort): WsdlAddress | string {
  for (const child of childElements(port)) {
    const format = Object.hasOwn(ADDRESS_FORMATS, child.namespace)
      ? ADDRESS_FORMATS[child.namespace]
      : undefined;
    const uri = attributeOf(child, "location")?.trim();
    if (child.name === "address" && format && uri) return { uri, format };
  }
  return `Couldn't retrieve endpoint information from the WSDL. The port ${wanted.port} has no soap, soap12 or http address.`;
}
