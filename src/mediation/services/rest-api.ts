/** REST APIs as the reader delivers them: a context with a version, and resources with what they accept. */
import type { Transport } from "../engine.ts";
import type { RequestTemplate } from "./request-template.ts";
import type { TargetFlows } from "./target-flow.ts";

/** What of a path a resource is for; "default": whatever no other resource is for. */
export type ResourceMapping =
  | { readonly kind: "default" }
  /** "/exact", "/prefix/*" or "*.extension". */
  | { readonly kind: "url"; readonly text: string }
  | { readonly kind: "template"; readonly template: RequestTemplate };

export interface ApiResource extends TargetFlows {
  /** Upper-cased; empty: all. */
  readonly methods: readonly string[];
  readonly mapping: ResourceMapping;
  /** Undefined: both. */
  readonly protocol: Transport | undefined;
  /** The Content-Type that a request with a body must have. */
  readonly contentType: string | undefined;
  /** What the whole of User-Agent must match. */
  readonly userAgent: RegExp | undefined;
}

export interface RestApi {
  /** With the version: "Stock:v1.0". */
  readonly name: string;
  /** Starts with "/" and ends without one, but for "/" itself; a version in the context is in place. */
  readonly context: string;
  /** "url": the version is the first segment behind the context. */
  readonly version: { readonly kind: "url" | "context"; readonly text: string } | undefined;
  readonly host: string | undefined;
  readonly port: number | undefined;
  /** Undefined: both. */
  readonly transport: Transport | undefined;
  /** Key of a registry resource or local entry that `?swagger.json` answers with. */
  readonly swaggerKey: string | undefined;
  readonly description: string;
  readonly resources: readonly ApiResource[];
}

/** The part of a path that is not the API's own: context, and version where it stands in the path. */
export function apiPrefix({ context, version }: RestApi): string {
  const base = context === "/" ? "" : context;
  return version?.kind === "url" ? `${base}/${version.text}` : base;
}

/** What follows the API's own part of a request's path and query; "/" when nothing does. */
export function subPath(api: RestApi, target: string): string {
  const rest = target.slice(apiPrefix(api).length);
  return rest === "" ? "/" : rest;
}
