/**
 * What the engine itself answers to GET and its kin before any service sees the request (HttpGetRequestProcessor): the icon, the list of
 * services, contracts (?wsdl, ?wsdl2, ?xsd), facts of a service (?info), and descriptions of APIs (?swagger.json, ?swagger.yaml).
 * The first key of the query decides.
 */
import { encodeEntities } from "../../config/xml-entities.ts";
import { messageOf } from "../../errors/app-error.ts";
import type { ServiceRequest, ServiceResponse } from "../engine.ts";
import type { Environment } from "../message/environment.ts";
import { generateWsdl, generateWsdl20 } from "../services/generated-wsdl.ts";
import type { ProxyService } from "../services/proxy-service.ts";
import type { RestApi } from "../services/rest-api.ts";
import { addressList, serviceAddresses } from "../services/service-address.ts";
import { serviceListPage } from "../services/service-list.ts";
import { generatedSwagger, publishedSwagger, type SwaggerForm } from "../services/swagger.ts";
import { inlineSchemas, isWsdl20, rewriteWsdl } from "../services/wsdl.ts";
import { wsdlOperations } from "../services/wsdl-operations.ts";

const XML = "text/xml; charset=UTF-8";
const HTML = "text/html; charset=UTF-8";
const TEXT = "text/plain; charset=UTF-8";

/** The methods that look at pages before they reach a service. */
export const PAGE_METHODS: readonly string[] = ["GET", "HEAD", "DELETE", "OPTIONS"];

/** Pages that belong to no service. */
export function commonPage(
  path: string,
  services: ReadonlyMap<string, ProxyService>,
  environment: Environment,
): ServiceResponse | undefined {
  if (path === "/favicon.ico")
    return { status: 301, headers: [["Location", "http://wso2.org/favicon.ico"]], body: undefined };
  if (!/^\/services\/?$/.test(path)) return undefined;
  const isBlocked = environment.systemProperties["http.block_service_list"] === "true";
  if (isBlocked) return answer(403, TEXT, "The list of services is not shown\n");
  return answer(200, HTML, serviceListPage([...services.values()]));
}

type ServicePage = (
  service: ProxyService,
  request: ServiceRequest,
  environment: Environment,
) => Promise<ServiceResponse>;

const SERVICE_PAGES: Readonly<Record<string, ServicePage>> = {
  wsdl: (service, request, environment) => wsdlPage(service, request, environment, false),
  wsdl2: (service, request, environment) => wsdlPage(service, request, environment, true),
  xsd: schemaPage,
  info: infoPage,
};

/** The page of a service that the query asks for. */
export function servicePage(
  service: ProxyService,
  request: ServiceRequest,
  environment: Environment,
): Promise<ServiceResponse> | ServiceResponse | undefined {
  const [key] = firstParameter(request);
  const page = Object.hasOwn(SERVICE_PAGES, key) ? SERVICE_PAGES[key] : undefined;
  if (!page) return undefined;
  if (service.started) return page(service, request, environment);
  return answer(404, TEXT, `Service ${service.name} is inactive\n`);
}

/** First key of the query and its value. */
function firstParameter(request: ServiceRequest): readonly [key: string, value: string] {
  const question = request.target.indexOf("?");
  const [first = ""] = question === -1 ? [] : request.target.slice(question + 1).split("&", 1);
  const equals = first.indexOf("=");
  if (equals === -1) return [first, ""];
  return [first.slice(0, equals), decoded(first.slice(equals + 1))];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

async function wsdlPage(
  service: ProxyService,
  request: ServiceRequest,
  environment: Environment,
  isNew: boolean,
): Promise<ServiceResponse> {
  const { contract } = service;
  const [, location] = firstParameter(request);
  const imported = location === "" ? undefined : contract.resource(location, environment);
  if (location !== "" && imported === undefined)
    return answer(404, TEXT, `Service ${service.name} publishes no document ${location}\n`);
  const text = imported ?? (await contract.text(environment));
  if (text === undefined && contract.isPublished) return unreadable(service);
  try {
    return answer(200, XML, contractText(service, request, { text, isNew, imported }));
  } catch (error) {
    return answer(
      500,
      TEXT,
      `The WSDL of service ${service.name} is faulty: ${messageOf(error)}\n`,
    );
  }
}

interface ContractQuestion {
  readonly text: string | undefined;
  /** WSDL 2.0 is asked for. */
  readonly isNew: boolean;
  readonly imported: string | undefined;
}

function contractText(
  service: ProxyService,
  request: ServiceRequest,
  { text, isNew, imported }: ContractQuestion,
): string {
  const addresses = serviceAddresses(request.addressPrefixes, service);
  const isAsWanted = text !== undefined && (imported !== undefined || isWsdl20(text) === isNew);
  if (!isAsWanted) {
    const operations = (text === undefined ? undefined : wsdlOperations(text)?.names) ?? [
      "mediate",
    ];
    const facts = { name: service.name, addresses, operations };
    return isNew ? generateWsdl20(facts) : generateWsdl(facts);
  }
  return rewriteWsdl(text, {
    addresses: service.contract.options.keepsAddresses ? undefined : addresses,
    importAddress: importAddresses(service, request),
  });
}

/** Where documents are that the service publishes itself. */
function importAddresses(
  service: ProxyService,
  request: ServiceRequest,
): (location: string, question: "wsdl" | "xsd") => string | undefined {
  const { resources, absoluteImports } = service.contract.options;
  const address = serviceAddresses(request.addressPrefixes, service)[request.transport];
  const lastSegment = encodeURI(service.name).split("/").at(-1) ?? "";
  const base = absoluteImports && address !== undefined ? address : lastSegment;
  return (location, question) =>
    resources.has(location) ? `${base}?${question}=${encodeURIComponent(location)}` : undefined;
}

function unreadable(service: ProxyService): ServiceResponse {
  const { source } = service.contract.options;
  const place =
    source.kind === "key" ? `no local entry or registry resource ${source.key}` : "see the log";
  return answer(500, TEXT, `The WSDL of service ${service.name} is missing: ${place}\n`);
}

/** ?xsd=location: an imported document; ?xsd and ?xsd=xsd0: a schema inside the WSDL. */
async function schemaPage(
  service: ProxyService,
  request: ServiceRequest,
  environment: Environment,
): Promise<ServiceResponse> {
  const [, location] = firstParameter(request);
  const text = await schemaText(service, location, environment);
  if (text === undefined)
    return answer(404, TEXT, `Service ${service.name} publishes no schema ${location}\n`);
  try {
    const importAddress = importAddresses(service, request);
    return answer(200, XML, rewriteWsdl(text, { addresses: undefined, importAddress }));
  } catch (error) {
    return answer(
      500,
      TEXT,
      `The schema of service ${service.name} is faulty: ${messageOf(error)}\n`,
    );
  }
}

async function schemaText(
  service: ProxyService,
  location: string,
  environment: Environment,
): Promise<string | undefined> {
  const resource = service.contract.resource(location, environment);
  if (resource !== undefined || location.length > 200) return resource;
  const number = /^(?:xsd)?(\d{0,4})(?:\.xsd)?$/.exec(location)?.[1];
  const text = number === undefined ? undefined : await service.contract.text(environment);
  return text === undefined ? undefined : inlineSchemas(text)[Number(number)];
}

function infoPage(service: ProxyService, request: ServiceRequest): Promise<ServiceResponse> {
  const name = encodeEntities(service.name);
  const addresses = addressList(serviceAddresses(request.addressPrefixes, service));
  const items = addresses.map(([, address]) => `<li>${encodeEntities(address)}</li>`);
  const html = `<!DOCTYPE html>
<html><head><meta charset="UTF-8"><title>${name}</title></head>
<body><h1>${name}</h1><p>Service is active. Contract: <a href="?wsdl">WSDL 1.1</a>, <a href="?wsdl2">WSDL 2.0</a>.</p>
<ul>
${items.join("\n")}
</ul></body></html>
`;
  return Promise.resolve(answer(200, HTML, html));
}

/** The description of an API. */
export async function swaggerPage(
  api: RestApi,
  form: SwaggerForm,
  { request, environment }: { request: ServiceRequest; environment: Environment },
): Promise<ServiceResponse> {
  const type =
    form === "json" ? "application/json; charset=UTF-8" : "application/yaml; charset=UTF-8";
  const text =
    api.swaggerKey === undefined ? undefined : environment.resource(api.swaggerKey)?.text;
  const published = text === undefined ? undefined : await publishedSwagger(text, form);
  return answer(
    200,
    type,
    published ?? (await generatedSwagger(api, request.addressPrefixes, form)),
  );
}

function answer(status: number, type: string, text: string): ServiceResponse {
  return { status, headers: [["Content-Type", type]], body: Buffer.from(text) };
}
