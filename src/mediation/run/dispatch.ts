/**
 * What a request is for: a page of the engine, a proxy service (`/services/<name>[/operation]`), a REST API, and `main` for
 * everything else, so that an unknown service is acknowledged rather than refused; before that a SOAP message may name its service itself
 * (named-service.ts). Implements the dispatch of ServerWorker, HttpGetRequestProcessor, Axis2 and RESTRequestHandler.
 */
import type { ServiceRequest, ServiceResponse } from "../engine.ts";
import type { Environment } from "../message/environment.ts";
import { chooseApi } from "../services/api-choice.ts";
import { isExposed, type ProxyService } from "../services/proxy-service.ts";
import type { RestApi } from "../services/rest-api.ts";
import { swaggerForm } from "../services/swagger.ts";
import { apiRequestOf, runApi } from "./api-flow.ts";
import { faultResponse } from "./fault-response.ts";
import { commonPage, PAGE_METHODS, servicePage, swaggerPage } from "./get-pages.ts";
import { mayNameService, readNames, servicePath } from "./named-service.ts";
import { runMain, runProxy } from "./service-flow.ts";

export interface DispatchOptions {
  readonly services: ReadonlyMap<string, ProxyService>;
  /** In the order in which they are asked. */
  readonly apis: readonly RestApi[];
  readonly environment: Environment;
  /** Takes what no service takes. Default: the main sequence. */
  readonly fallback?: ((request: ServiceRequest) => Promise<ServiceResponse>) | undefined;
}

/** Answers one request. */
export function dispatch(
  request: ServiceRequest,
  options: DispatchOptions,
): Promise<ServiceResponse> | ServiceResponse {
  const { services, apis, environment } = options;
  const question = request.target.indexOf("?");
  const path = question === -1 ? request.target : request.target.slice(0, question);
  const isPage = PAGE_METHODS.includes(request.method);
  const common = isPage ? commonPage(path, services, environment) : undefined;
  if (common) return common;
  const service = findService(path, services);
  if (service) {
    const page = isPage && question !== -1 && servicePage(service, request, environment);
    return page || (refusalOf(service, request) ?? runProxy(service, request, environment));
  }
  const api = apis.length === 0 ? undefined : chooseApi(apis, apiRequestOf(request));
  if (!api) return options.fallback?.(request) ?? dispatchByContent(request, options);
  const form =
    request.method === "GET" && question !== -1 && swaggerForm(request.target.slice(question + 1));
  if (form) return swaggerPage(api, form, { request, environment });
  return runApi(api, request, environment);
}

/** A SOAP message may name its service itself; everything else is for `main`. */
function dispatchByContent(
  asked: ServiceRequest,
  { services, environment }: DispatchOptions,
): Promise<ServiceResponse> {
  if (services.size === 0 || !mayNameService(asked)) return runMain(asked, environment);
  return readNames(asked).then(({ request, addresses }) => {
    for (const address of addresses) {
      const service = findService(servicePath(address) ?? "", services);
      if (service && !refusalOf(service, request)) return runProxy(service, request, environment);
    }
    return runMain(request, environment);
  });
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
  if (!path.includes("%")) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** What Axis2 answers for a service that it has but does not run here. */
function refusalOf(service: ProxyService, request: ServiceRequest): ServiceResponse | undefined {
  if (!service.started)
    return faultResponse(request, {
      code: "Server",
      reason: `The service cannot be found for the endpoint reference (EPR) /services/${service.name}`,
    });
  if (isExposed(service, request.transport)) return undefined;
  return faultResponse(request, {
    code: "Server",
    reason: `Service ${service.name} is not available over this transport : ${request.transport}`,
  });
}
