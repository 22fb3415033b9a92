/**
 * The flow of a request through a REST API: the properties that mediators read, the resource, its sequences; 404, 405 and 400
 * where no resource fits, unless the sequence _resource_mismatch_handler_ answers; OPTIONS and cross-origin
 * headers. Implements API.process, Resource.process and RESTRequestHandler.
 */
import type { HeaderList, ServiceRequest, ServiceResponse } from "../engine.ts";
import { MediationFault } from "../mediation-fault.ts";
import type { Verdict } from "../mediators/mediator.ts";
import { runSequence } from "../mediators/sequence.ts";
import type { Environment } from "../message/environment.ts";
import type { Message } from "../message/message.ts";
import { type ApiRequest, chooseResource, type ResourceChoice } from "../services/api-choice.ts";
import { corsHeaders, corsSettings } from "../services/cors.ts";
import { apiPrefix, type ApiResource, type RestApi, subPath } from "../services/rest-api.ts";
import type { TargetFlow } from "../services/target-flow.ts";
import {
  answerWith,
  beginFlow,
  completeFlow,
  pushFaultHandler,
  sequenceOf,
} from "./service-flow.ts";

const MISMATCH_HANDLER = "_resource_mismatch_handler_";
const ALL_METHODS = "GET, POST, PUT, DELETE, HEAD, OPTIONS, PATCH";

/** What the choice of an API and a resource sees of a request; headers are looked for only where one of them asks. */
class AskedRequest implements ApiRequest {
  readonly method: string;
  readonly target: string;
  readonly transport: ServiceRequest["transport"];
  readonly hasBody: boolean;
  readonly #headers: HeaderList;

  constructor({ method, target, transport, body, headers }: ServiceRequest) {
    this.method = method;
    this.target = target;
    this.transport = transport;
    this.hasBody = body !== undefined;
    this.#headers = headers;
  }

  get host(): string | undefined {
    return this.#header("host");
  }

  get contentType(): string | undefined {
    return this.#header("content-type");
  }

  get userAgent(): string | undefined {
    return this.#header("user-agent");
  }

  #header(wanted: string): string | undefined {
    return this.#headers.find(([name, , lower]) => (lower ?? name.toLowerCase()) === wanted)?.[1];
  }
}

/** What the choice of an API and a resource sees of a request. */
export function apiRequestOf(request: ServiceRequest): ApiRequest {
  return new AskedRequest(request);
}

/** Runs a request through an API. Never rejects. */
export function runApi(
  api: RestApi,
  request: ServiceRequest,
  environment: Environment,
): Promise<ServiceResponse> {
  const choice = chooseResource(api, apiRequestOf(request));
  const flow = beginFlow({
    request,
    environment,
    serviceName: undefined,
    logName: `API_LOGGER.${api.name}`,
    outFlow: (response) => runOut(choice, response),
    tally: environment.outcomes.ofApi(api),
    answerHeaders: crossOrigin(choice, request, environment),
  });
  const { exchange, message } = flow;
  setApiProperties(message, api);
  if (choice.kind === "none") {
    pushFaultHandler(message, undefined);
    return completeFlow(flow, () => {
      const handler = environment.sequence(MISMATCH_HANDLER);
      return handler ? runSequence(handler, message) : exchange.respondWith(mismatch(choice));
    });
  }
  pushFaultHandler(message, choice.resource.faultFlow);
  return completeFlow(flow, () => {
    const { resource } = choice;
    if (answersOptions(resource, message)) return exchange.respondWith(optionsAnswer(resource));
    setResourceProperties(message, choice.variables, resource);
    return resource.inFlow && runFlow(resource.inFlow, message);
  });
}

/** The out sequence; without one the response goes back as it is. */
function runOut(choice: ResourceChoice, response: Message): Verdict {
  const flow = choice.kind === "found" ? choice.resource.outFlow : undefined;
  return flow ? runFlow(flow, response) : answerWith(response);
}

/** @throws MediationFault when no sequence has the key. */
function runFlow(flow: TargetFlow, message: Message): Verdict {
  const sequence = sequenceOf(message, flow);
  if (sequence) return runSequence(sequence, message);
  const key = flow.kind === "key" ? flow.key : "";
  throw new MediationFault(`Specified sequence: ${key} cannot be found`);
}

function mismatch({ status, allowed }: Extract<ResourceChoice, { kind: "none" }>): ServiceResponse {
  const headers = status === 405 ? [["Allow", allowed.join(", ")] as const] : [];
  return { status, headers, body: undefined };
}

/** A resource that does not name OPTIONS, or a request that may go no further (RFC 9110 section 7.6.2). */
function answersOptions(resource: ApiResource, message: Message): boolean {
  if (message.exchange.request.method !== "OPTIONS") return false;
  if (!resource.methods.includes("OPTIONS")) return true;
  const forwards = Number(message.headers.get("Max-Forwards") ?? Number.NaN);
  if (Number.isInteger(forwards) && forwards > 0)
    message.headers.set("Max-Forwards", String(forwards - 1));
  return forwards === 0;
}

function optionsAnswer(resource: ApiResource): ServiceResponse {
  return { status: 200, headers: [["Allow", methodsText(resource)]], body: undefined };
}

function methodsText({ methods }: Pick<ApiResource, "methods">): string {
  return methods.length === 0 ? ALL_METHODS : methods.join(", ");
}

function crossOrigin(
  choice: ResourceChoice,
  request: ServiceRequest,
  environment: Environment,
): ReturnType<typeof corsHeaders> {
  const settings = corsSettings(environment.systemProperties);
  if (!settings.enabled) return [];
  const origin = request.headers.find(([name]) => name.toLowerCase() === "origin")?.[1];
  const methods =
    choice.kind === "found"
      ? methodsText({
          methods: request.method === "OPTIONS" ? choice.allowed : choice.resource.methods,
        })
      : choice.allowed.join(", ");
  return corsHeaders(settings, origin, methods === "" ? ALL_METHODS : methods);
}

function setApiProperties(message: Message, api: RestApi): void {
  const { properties, exchange } = message;
  const { request } = exchange;
  const set = (name: string, value: string): unknown => properties.set(name, value);
  const sub = subPath(api, request.target);
  set("SYNAPSE_REST_API", api.name);
  set("SYNAPSE_REST_API_VERSION", api.version?.text ?? "");
  set("REST_API_CONTEXT", api.context);
  set("REST_METHOD", request.method);
  set("REST_FULL_REQUEST_PATH", request.target);
  set("REST_SUB_REQUEST_PATH", sub);
  const host = message.headers.get("Host");
  const prefix = host
    ? `${request.transport}://${host}`
    : request.addressPrefixes[request.transport];
  if (prefix !== undefined) set("REST_URL_PREFIX", prefix);
  message.axis2.set("REST_URL_POSTFIX", request.target.slice(apiPrefix(api).length));
}

/** @throws MediationFault, with HTTP_SC 400, when a query parameter cannot be decoded. */
function setResourceProperties(
  message: Message,
  variables: ReadonlyMap<string, string>,
  { mapping }: ApiResource,
): void {
  const { properties, exchange } = message;
  if (mapping.kind !== "default") {
    const pattern = mapping.kind === "url" ? mapping.text : mapping.template.source;
    properties.set("REST_URL_PATTERN", pattern);
  }
  for (const [name, value] of variables) properties.set(`uri.var.${name}`, value);
  const question = exchange.request.target.indexOf("?");
  if (question === -1) return;
  for (const entry of exchange.request.target.slice(question + 1).split("&")) {
    const equals = entry.indexOf("=");
    if (equals < 1) continue;
    const value = decodeQuery(message, entry.slice(equals + 1));
    properties.set(`query.param.${entry.slice(0, equals)}`, value);
  }
}

function decodeQuery(message: Message, text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch (cause) {
    const { method, target } = message.exchange.request;
    const reason = `Error processing ${method} request for : ${target} due to an error in the request sent by the client`;
    message.properties.set("ERROR_CODE", "400");
    message.properties.set("ERROR_MESSAGE", reason);
    message.axis2.set("HTTP_SC", 400);
    // Without a fault sequence that answers, a bad request must not look like an accepted one.
    message.exchange.unanswered(400);
    throw new MediationFault(reason, { cause });
  }
}
