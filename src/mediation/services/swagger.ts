/**
 * The description of an API that `?swagger.json` and `?swagger.yaml` answer with: the one that the configuration names, else
 * one made of its resources (Swagger 2.0), as the REST API processor of EI makes it. The YAML library is loaded with
 * the first question.
 */
import type { AddressPrefixes } from "../engine.ts";
import type { ApiResource, RestApi } from "./rest-api.ts";
import { apiPrefix } from "./rest-api.ts";
import { TRANSPORTS } from "./service-address.ts";

export type SwaggerForm = "json" | "yaml";

/** The form that a query asks for. */
export function swaggerForm(query: string): SwaggerForm | undefined {
  const [key = ""] = query.split(/[&=]/, 1);
  if (key === "swagger.json") return "json";
  return key === "swagger.yaml" ? "yaml" : undefined;
}

/** A description of the configuration (JSON or YAML) in that form; undefined when it is neither. */
export async function publishedSwagger(
  text: string,
  form: SwaggerForm,
): Promise<string | undefined> {
  const { parse } = await import("yaml");
  try {
    const value: unknown = parse(text, { maxAliasCount: 20 });
    if (typeof value !== "object" || value === null) return undefined;
    return await swaggerText(value, form);
  } catch {
    return undefined;
  }
}

/** A description made of the API's resources. */
export function generatedSwagger(
  api: RestApi,
  prefixes: AddressPrefixes,
  form: SwaggerForm,
): Promise<string> {
  const schemes = TRANSPORTS.filter(
    (transport) => prefixes[transport] !== undefined && (api.transport ?? transport) === transport,
  );
  const [first] = schemes;
  const address = first && prefixes[first];
  return swaggerText(
    {
      swagger: "2.0",
      info: {
        title: api.name,
        ...(api.description === "" ? {} : { description: api.description }),
        version: api.version?.text ?? "1.0.0",
      },
      ...(address === undefined ? {} : { host: hostOf(address) }),
      basePath: apiPrefix(api) === "" ? "/" : apiPrefix(api),
      schemes,
      paths: pathsOf(api.resources),
    },
    form,
  );
}

function hostOf(address: string): string {
  return URL.canParse(address) ? new URL(address).host : address;
}

async function swaggerText(value: unknown, form: SwaggerForm): Promise<string> {
  if (form === "json") return `${JSON.stringify(value, undefined, 2)}\n`;
  const { stringify } = await import("yaml");
  return stringify(value);
}

const ALL_METHODS = ["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS"];

function pathsOf(resources: readonly ApiResource[]): Readonly<Record<string, unknown>> {
  const paths = new Map<string, Map<string, unknown>>();
  for (const resource of resources) {
    const { path, query } = pathOf(resource);
    const operations = paths.get(path) ?? new Map<string, unknown>();
    paths.set(path, operations);
    const methods = resource.methods.length === 0 ? ALL_METHODS : resource.methods;
    for (const method of methods)
      operations.set(method.toLowerCase(), operationOf(path, query, method));
  }
  return Object.fromEntries(
    [...paths].map(([path, operations]) => [path, Object.fromEntries(operations)]),
  );
}

/** Template or mapping without its query; "/*" where a resource takes everything. */
function pathOf({ mapping }: ApiResource): { readonly path: string; readonly query: string } {
  if (mapping.kind === "default") return { path: "/", query: "" };
  const text = mapping.kind === "url" ? mapping.text : mapping.template.source;
  const [path = "", query = ""] = text.split("?", 2);
  return { path: path.startsWith("/") ? path : `/${path}`, query };
}

function operationOf(path: string, query: string, method: string): unknown {
  const named = (text: string, place: "path" | "query"): readonly unknown[] =>
    [...text.matchAll(/\{[+./#]?([^}]+)\}/g)]
      .flatMap(([, list = ""]) => list.split(","))
      .map((name) => ({ name, in: place, required: place === "path", type: "string" }));
  const body = ["POST", "PUT", "PATCH"].includes(method)
    ? [{ name: "payload", in: "body", required: false, schema: { type: "object" } }]
    : [];
  const parameters = [...named(path, "path"), ...named(query, "query"), ...body];
  return {
    ...(parameters.length === 0 ? {} : { parameters }),
    responses: { default: { description: "Default response" } },
  };
}
