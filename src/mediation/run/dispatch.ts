/**
 * Which service a request is for: `/services/<name>[/operation]`, the page and contracts that GET asks for, and
 * `main` for everything else, so that an unknown service is acknowledged rather than refused. Implements
 * the dispatch of Synapse's ServerWorker and HttpGetRequestProcessor.
 */
import type { ServiceRequest, ServiceResponse } from "../engine.ts";
import type { Environment } from "../message/environment.ts";
import { isExposed, type ProxyService } from "../services/proxy-service.ts";
import { serviceListPage } from "../services/service-list.ts";
import {
  generateWsdl,
  rewriteWsdl,
  type ServiceAddresses,
  serviceAddresses,
} from "../services/wsdl.ts";
import { rootOf, serializeNode } from "../xml/dom.ts";
import { faultEnvelope } from "../xml/soap-fault.ts";
import { clientWireOf } from "./client-response.ts";
import { runMain, runProxy } from "./service-flow.ts";

const READING_METHODS: readonly string[] = ["GET", "HEAD"];

export interface DispatchOptions {
  readonly services: ReadonlyMap<string, ProxyService>;
  readonly environment: Environment;
}

/** Answers one request. */
export function dispatch(
  request: ServiceRequest,
  options: DispatchOptions,
): Promise<ServiceResponse> | ServiceResponse {
  const { services, environment } = options;
  const [path = "", query = ""] = request.target.split("?", 2);
  const isReading = READING_METHODS.includes(request.method);
  if (isReading && /^\/services\/?$/.test(path))
    return page(serviceListPage([...services.values()]));
  const service = findService(path, services);
  if (!service) return runMain(request, environment);
  if (isReading && /^wsdl2?(?:&|=|$)/.test(query)) return contract(service, request, environment);
  const refusal = refusalOf(service, request);
  return refusal ? soapFault(refusal, request) : runProxy(service, request, environment);
}

/** The service with the longest name that the path starts with; "P.Port" also means P. */
function findService(
  path: string,
  services: ReadonlyMap<string, ProxyService>,
): ProxyService | undefined {
  if (!path.startsWith("/services/")) return undefined;
  let name = decodePath(path.slice("/services/".length)).replace(/\/+$/, "");
  while (name !== "") {
    const found = services.get(name) ?? services.get(name.replace(/\.[^./]*$/, ""));
    if (found) return found;
    name = name.slice(0, Math.max(0, name.lastIndexOf("/")));
  }
  return undefined;
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function refusalOf(service: ProxyService, request: ServiceRequest): string | undefined {
  if (!service.started)
    return `The service cannot be found for the endpoint reference (EPR) /services/${service.name}`;
  if (!isExposed(service, request.transport))
    return `Service ${service.name} is not available over this transport : ${request.transport}`;
  return undefined;
}

function soapFault(reason: string, request: ServiceRequest): ServiceResponse {
  const isSoap12 = clientWireOf(request) === "soap12";
  const envelope = faultEnvelope(isSoap12 ? "1.2" : "1.1", { code: "Server", reason });
  return {
    status: 500,
    headers: [["Content-Type", `${isSoap12 ? "application/soap+xml" : "text/xml"}; charset=UTF-8`]],
    body: Buffer.from(serializeNode(rootOf(envelope))),
  };
}

function page(html: string): ServiceResponse {
  return {
    status: 200,
    headers: [["Content-Type", "text/html; charset=UTF-8"]],
    body: Buffer.from(html),
  };
}

function contract(
  service: ProxyService,
  request: ServiceRequest,
  environment: Environment,
): ServiceResponse {
  const addresses = serviceAddresses(request.addressPrefixes, service);
  const published = publishedText(service, environment);
  if (published === undefined && service.wsdl.kind === "key") return missingContract(service);
  return {
    status: 200,
    headers: [["Content-Type", "text/xml; charset=UTF-8"]],
    body: Buffer.from(contractText(service, published, addresses)),
  };
}

function contractText(
  service: ProxyService,
  published: string | undefined,
  addresses: ServiceAddresses,
): string {
  if (published === undefined) return generateWsdl(service, addresses);
  return service.keepsWsdlAddresses ? published : rewriteWsdl(published, addresses);
}

function publishedText(service: ProxyService, environment: Environment): string | undefined {
  const { wsdl } = service;
  if (wsdl.kind === "inline") return wsdl.text;
  return wsdl.kind === "key" ? environment.localEntry(wsdl.key)?.text : undefined;
}

function missingContract(service: ProxyService): ServiceResponse {
  const key = service.wsdl.kind === "key" ? service.wsdl.key : "";
  return {
    status: 500,
    headers: [["Content-Type", "text/plain; charset=UTF-8"]],
    body: Buffer.from(`The WSDL of service ${service.name} is missing: no local entry ${key}\n`),
  };
}
