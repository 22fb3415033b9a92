/**
 * Which API and which of its resources a request is for (RESTRequestHandler, API, the dispatchers of url-mapping and
 * uri-template). Pure: it sees the facts of a request and nothing else.
 */
import type { Transport } from "../engine.ts";
import { apiPrefix, type ApiResource, type RestApi, subPath } from "./rest-api.ts";

/** What the choice depends on. */
export interface ApiRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly transport: Transport;
  readonly host: string | undefined;
  readonly contentType: string | undefined;
  readonly userAgent: string | undefined;
  readonly hasBody: boolean;
}

export type ResourceChoice =
  | {
      readonly kind: "found";
      readonly resource: ApiResource;
      readonly variables: ReadonlyMap<string, string>;
      /** Methods for that path, over all resources; empty: all. Of OPTIONS only, as a browser asks before it sends another method. */
      readonly allowed: readonly string[];
    }
  /** 404 no path matches, 405 the method does not, 400 something else does not. `allowed`: methods for that path. */
  | {
      readonly kind: "none";
      readonly status: 400 | 404 | 405;
      readonly allowed: readonly string[];
    };

const NO_VARIABLES: ReadonlyMap<string, string> = new Map();

/** Versioned APIs first, the longest context first, "/" last: the order in which APIs are asked. */
export function inOrderOfChoice(apis: Iterable<RestApi>): readonly RestApi[] {
  const rank = ({ context, version }: RestApi): number => {
    if (context === "/") return 2;
    return version ? 0 : 1;
  };
  const placed = Array.from(apis, (api) => ({
    api,
    rank: rank(api),
    length: apiPrefix(api).length,
  }));
  placed.sort((one, other) => one.rank - other.rank || other.length - one.length);
  return placed.map(({ api }) => api);
}

/** The first API that takes the request. */
export function chooseApi(apis: readonly RestApi[], request: ApiRequest): RestApi | undefined {
  return apis.find((api) => takesPath(api, request.target) && takesOrigin(api, request));
}

function takesPath(api: RestApi, target: string): boolean {
  const prefix = apiPrefix(api);
  if (!target.startsWith(prefix)) return false;
  const next = target.charAt(prefix.length);
  return next === "" || next === "/" || next === "?";
}

function takesOrigin(api: RestApi, request: ApiRequest): boolean {
  const { host, port, transport } = api;
  if (transport !== undefined && transport !== request.transport) return false;
  if (host === undefined && port === undefined) return true;
  const [, name = "", digits] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(request.host ?? "") ?? [];
  const asked = digits === undefined ? (request.transport === "https" ? 443 : 80) : Number(digits);
  if (host !== undefined && host.toLowerCase() !== name.toLowerCase()) return false;
  return port === undefined || port === asked;
}

/** The resource for a request: url-mapping, then uri-template, then the default one. */
export function chooseResource(api: RestApi, request: ApiRequest): ResourceChoice {
  const sub = subPath(api, request.target);
  const found = matching(
    api.resources.filter((resource) => accepts(resource, request)),
    sub,
  );
  if (found && request.method !== "OPTIONS") return { kind: "found", ...found, allowed: [] };
  const reached = api.resources.filter((resource) => matching([resource], sub));
  if (found) return { kind: "found", ...found, allowed: methodsOf(reached) };
  if (reached.length === 0) return { kind: "none", status: 404, allowed: [] };
  const allowed = [...new Set(reached.flatMap(({ methods }) => methods))];
  const status = reached.some((resource) => takesMethod(resource, request.method)) ? 400 : 405;
  return { kind: "none", status, allowed };
}

/** Empty: all. */
function methodsOf(resources: readonly ApiResource[]): readonly string[] {
  if (resources.some(({ methods }) => methods.length === 0)) return [];
  return [...new Set(resources.flatMap(({ methods }) => methods))];
}

function accepts(resource: ApiResource, request: ApiRequest): boolean {
  const { protocol, contentType, userAgent } = resource;
  if (protocol !== undefined && protocol !== request.transport) return false;
  if (!takesMethod(resource, request.method)) return false;
  // A browser asks with OPTIONS before it sends the body whose type and sender are meant here.
  if (request.method === "OPTIONS") return true;
  if (contentType !== undefined && request.hasBody && !isSameType(contentType, request.contentType))
    return false;
  return userAgent === undefined || userAgent.test(request.userAgent ?? "");
}

function takesMethod({ methods }: ApiResource, method: string): boolean {
  return method === "OPTIONS" || methods.length === 0 || methods.includes(method);
}

/** Parameters count only where the resource names some. */
function isSameType(wanted: string, came = ""): boolean {
  const text = (value: string): string => value.toLowerCase().replace(/\s+/g, "");
  return text(wanted) === text(came) || text(wanted) === text(came.split(";", 1)[0] ?? "");
}

interface Match {
  readonly resource: ApiResource;
  readonly variables: ReadonlyMap<string, string>;
}

function matching(resources: readonly ApiResource[], sub: string): Match | undefined {
  const mapped = bestMapping(resources, sub);
  if (mapped) return { resource: mapped, variables: NO_VARIABLES };
  for (const resource of resources) {
    if (resource.mapping.kind !== "template") continue;
    const { template } = resource.mapping;
    const variables =
      template.match(sub) ?? (sub.startsWith("?") ? template.match(`/${sub}`) : undefined);
    if (variables) return { resource, variables };
  }
  const resource = resources.find(({ mapping }) => mapping.kind === "default");
  return resource && { resource, variables: NO_VARIABLES };
}

/** Exact, then the longest prefix, then an extension. */
function bestMapping(resources: readonly ApiResource[], sub: string): ApiResource | undefined {
  const [text = ""] = sub.split("?", 1);
  const path = text === "" ? "/" : text;
  let best: ApiResource | undefined;
  let bestRank = 0;
  for (const resource of resources) {
    const rank = resource.mapping.kind === "url" ? mappingRank(resource.mapping.text, path) : 0;
    if (rank > bestRank) [best, bestRank] = [resource, rank];
  }
  return best;
}

/** 0: no match; 1: by extension; then prefixes by their length; an exact match is above all. */
function mappingRank(mapping: string, path: string): number {
  if (mapping === path || `${mapping}/` === path) return Number.MAX_SAFE_INTEGER;
  if (mapping.endsWith("/*")) {
    const prefix = mapping.slice(0, -1);
    return path.startsWith(prefix) || `${path}/` === prefix ? 1 + mapping.length : 0;
  }
  return mapping.startsWith("*.") && path.endsWith(mapping.slice(1)) ? 1 : 0;
}
