/**
 * Reads REST APIs (APIFactory, ResourceFactory):
 *
 *   <api name="string" context="/path" [hostname="string"] [port="integer"] [transports="http|https"]
 *        [version="string" version-type="url|context"] [publishSwagger="key"]>
 *     <resource [methods="GET POST .."] [uri-template="/a/{b}" | url-mapping="/a/*"] [protocol="http|https"]
 *               [content-type="type"] [user-agent="regex"] [inSequence="key"] [outSequence="key"] [faultSequence="key"]>
 *       flows (see target-flows.ts)
 *     </resource>+
 *     <handlers>..</handlers>?
 *   </api>
 *
 * Handlers are Java classes: they are refused, since an API would be open without the one that guards it.
 */
import { attributeOf, childNamed, childrenNamed, textOf } from "../../../config/xml-query.ts";
import type { XmlElement } from "../../../config/xml.ts";
import { messageOf } from "../../../errors/app-error.ts";
import type { Transport } from "../../engine.ts";
import { RequestTemplate } from "../../services/request-template.ts";
import type { ApiResource, ResourceMapping, RestApi } from "../../services/rest-api.ts";
import type { ReadContext } from "./read-context.ts";
import { readTargetFlows } from "./target-flows.ts";

const METHODS = ["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH"];

/** Undefined when the API is faulty (a problem was reported). */
export function readApi(element: XmlElement, context: ReadContext): RestApi | undefined {
  const name = attributeOf(element, "name")?.trim();
  if (!name) return context.error(element, "Attribute 'name' is required for an API definition");
  const path = attributeOf(element, "context")?.trim();
  if (!path) return context.error(element, "Attribute 'context' is required for an API definition");
  if (!path.startsWith("/"))
    return context.error(element, "API context must begin with '/' character");
  checkHandlers(element, context);
  const version = readVersion(element);
  const resources = childrenNamed(element, "resource").map((child) =>
    readResource(child, name, context),
  );
  if (resources.length === 0)
    return context.error(element, "An API must contain at least one resource definition");
  const known = resources.filter((resource) => resource !== undefined);
  checkResources(element, known, context);
  const text = path.length > 1 ? path.replace(/\/+$/, "") : path;
  const description = childNamed(element, "description");
  return {
    name: version ? `${name}:v${version.text}` : name,
    context: version?.kind === "context" ? text.replaceAll("{version}", version.text) : text,
    version,
    host: attributeOf(element, "hostname")?.trim() || undefined,
    port: readPort(element, context),
    transport: transportOf(attributeOf(element, "transports")),
    swaggerKey: attributeOf(element, "publishSwagger")?.trim() || undefined,
    description: description ? textOf(description) : "",
    resources: known,
  };
}

function checkHandlers(element: XmlElement, context: ReadContext): void {
  for (const handlers of childrenNamed(element, "handlers"))
    for (const handler of childrenNamed(handlers, "handler"))
      context.error(
        handler,
        `The handler class ${attributeOf(handler, "class") ?? ""} is Java and cannot run here: do its work in the in sequence, or at the gateway (auth_basic, auth_request, limit_req)`,
      );
}

function readVersion(element: XmlElement): RestApi["version"] {
  const text = attributeOf(element, "version")?.trim();
  if (!text) return undefined;
  const kind = attributeOf(element, "version-type")?.trim().toLowerCase();
  return { kind: kind === "context" ? "context" : "url", text };
}

function readPort(element: XmlElement, context: ReadContext): number | undefined {
  const text = attributeOf(element, "port")?.trim();
  if (!text || text === "-1") return undefined;
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= 1 && port <= 65_535) return port;
  return context.error(element, `Invalid port number: ${text}`);
}

/** One of the two; both, or none, means no restriction. */
function transportOf(text: string | undefined): Transport | undefined {
  const names = (text ?? "")
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean);
  const [name] = names;
  return names.length === 1 && (name === "http" || name === "https") ? name : undefined;
}

function readResource(
  element: XmlElement,
  api: string,
  context: ReadContext,
): ApiResource | undefined {
  const flows = readTargetFlows(element, api, context);
  const mapping = readMapping(element, context);
  const methods = readMethods(element, context);
  const type = attributeOf(element, "content-type")?.trim() || undefined;
  if (type !== undefined && !/^[^/]+\/[^/]+$/.test(type))
    return context.error(element, `Invalid content type: ${type}`);
  const agent = attributeOf(element, "user-agent")?.trim();
  const userAgent = agent ? context.wholePattern(element, agent) : undefined;
  if (!mapping || !methods || (agent && !userAgent)) return undefined;
  const protocol = transportOf(attributeOf(element, "protocol"));
  return { ...flows, methods, mapping, protocol, contentType: type, userAgent };
}

function readMethods(element: XmlElement, context: ReadContext): readonly string[] | undefined {
  const methods = (attributeOf(element, "methods") ?? "")
    .toUpperCase()
    .split(/[\s,]+/)
    .filter(Boolean);
  const isFaulty =
    new Set(methods).size < methods.length || methods.some((name) => !METHODS.includes(name));
  if (!isFaulty) return methods;
  return context.error(
    element,
    `Invalid or duplicate method definition for resource: ${methods.join(" ")}`,
  );
}

function readMapping(element: XmlElement, context: ReadContext): ResourceMapping | undefined {
  const template = attributeOf(element, "uri-template")?.trim();
  const mapping = attributeOf(element, "url-mapping")?.trim();
  if (template && mapping)
    return context.error(element, "A resource may have either a URI template or a URL mapping");
  if (mapping) return { kind: "url", text: mapping };
  if (!template) return { kind: "default" };
  try {
    return { kind: "template", template: RequestTemplate.compile(template) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return context.error(element, `Invalid URI template: ${messageOf(error)}`);
  }
}

function checkResources(
  element: XmlElement,
  resources: readonly ApiResource[],
  context: ReadContext,
): void {
  for (const [index, resource] of resources.entries()) {
    const isTwin = resources.slice(0, index).some((other) => isSameResource(resource, other));
    if (!isTwin) continue;
    const sentence =
      resource.mapping.kind === "default"
        ? "Only one resource can be designated as default"
        : "Two resources cannot have the same path mapping and methods";
    context.error(element, `${sentence} (resource ${index + 1})`);
  }
}

/** Whether the second one could never be reached. */
function isSameResource(one: ApiResource, other: ApiResource): boolean {
  if (mappingText(one.mapping) !== mappingText(other.mapping)) return false;
  if (one.contentType !== other.contentType || one.protocol !== other.protocol) return false;
  if (one.userAgent?.source !== other.userAgent?.source) return false;
  const isSameList = one.methods.toSorted().join() === other.methods.toSorted().join();
  return isSameList;
}

function mappingText(mapping: ResourceMapping): string {
  if (mapping.kind === "default") return "";
  return mapping.kind === "url" ? `url ${mapping.text}` : `template ${mapping.template.source}`;
}
