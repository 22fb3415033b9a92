/**
 * GET /management/openapi.json: the OpenAPI 3.1 document, made from the same schema constants that check requests
 * and shape answers. Routes are collected as they are added, so none can be missing.
 */
import type { RouteOptions } from "fastify";
import { PRODUCT_VERSION } from "../../runtime/product.ts";
import type { RouteAccess } from "./access.ts";
import type { ManagementApp } from "./management-services.ts";

/** One route as the document tells it. */
export interface DescribedRoute {
  readonly method: string;
  /** With ":name" for parameters. */
  readonly path: string;
  readonly access: RouteAccess;
  readonly summary: string;
  readonly schema: RouteOptions["schema"];
}

/** Collects the routes that are added to `app` from now on, and serves the document. Static files are left out. */
export function addOpenApi(app: ManagementApp): readonly DescribedRoute[] {
  const routes: DescribedRoute[] = [];
  app.addHook("onRoute", ({ method, url, config, schema }) => {
    const { access = "admin", summary } = config ?? {};
    if (summary === undefined) return;
    routes.push({ method: String(method), path: url, access, summary, schema });
  });
  const config = { access: "user", summary: "This API as an OpenAPI document" } as const;
  app.get("/management/openapi.json", { config }, () => openApiDocument(routes));
  return routes;
}

function openApiDocument(routes: readonly DescribedRoute[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, "{$1}").replace("/*", "/{*}");
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) };
  }
  return {
    openapi: "3.1.0",
    info: { title: "Bascule management API", version: PRODUCT_VERSION },
    paths,
    components: {
      securitySchemes: {
        basic: { type: "http", scheme: "basic" },
        token: { type: "http", scheme: "bearer" },
        session: { type: "apiKey", in: "cookie", name: "bascule_session" },
      },
    },
  };
}

function operation({ access, summary, schema = {} }: DescribedRoute): object {
  const { params, querystring, body, response } = schema;
  const parameters = [...parametersOf("path", params), ...parametersOf("query", querystring)];
  return {
    summary: access === "admin" ? `${summary} (admins only)` : summary,
    security: access === "public" ? [] : [{ basic: [] }, { token: [] }, { session: [] }],
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && { requestBody: { required: true, content: contentOf(body) } }),
    responses: responsesOf(response),
  };
}

function parametersOf(place: "path" | "query", schema: unknown): readonly object[] {
  if (!isObject(schema) || !isObject(schema["properties"])) return [];
  const required: readonly unknown[] = Array.isArray(schema["required"]) ? schema["required"] : [];
  return Object.entries(schema["properties"]).map(([name, property]) => ({
    name,
    in: place,
    required: required.includes(name),
    schema: property,
  }));
}

/** A body schema is either JSON's, or fastify's map of content types. */
function contentOf(body: unknown): object {
  if (isObject(body) && isObject(body["content"])) return body["content"];
  return { "application/json": { schema: body } };
}

function responsesOf(response: unknown): object {
  if (!isObject(response)) return { 200: { description: "Done" } };
  return Object.fromEntries(
    Object.entries(response).map(([status, schema]) => [
      status,
      { description: descriptionOf(schema), content: { "application/json": { schema } } },
    ]),
  );
}

function descriptionOf(schema: unknown): string {
  const text = isObject(schema) ? schema["description"] : undefined;
  return typeof text === "string" ? text : "";
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
