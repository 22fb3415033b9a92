/**
 * Cross-origin answers of APIs, as synapse.properties of WSO2 sets them; here they are -D properties of the node:
 * synapse.rest.CORS.enabled (default false), synapse.rest.CORS.Access-Control-Allow-Origin (a comma list) and
 * synapse.rest.CORS.Access-Control-Allow-Headers. Implements SynapseCORSConfiguration and CORSHelper.
 */
import type { HeaderList } from "../engine.ts";

export interface CorsSettings {
  readonly enabled: boolean;
  /** "*" stands for any. */
  readonly origins: readonly string[];
  readonly headers: string;
}

const DISABLED: CorsSettings = { enabled: false, origins: [], headers: "" };
const PREFIX = "synapse.rest.CORS.";

/** All off unless `enabled` says true: answers of EI 6.1.1 carry no such headers. */
export function corsSettings(properties: Readonly<Record<string, string>>): CorsSettings {
  const value = (name: string): string =>
    Object.hasOwn(properties, PREFIX + name) ? (properties[PREFIX + name] ?? "").trim() : "";
  if (value("enabled").toLowerCase() !== "true") return DISABLED;
  return {
    enabled: true,
    origins: value("Access-Control-Allow-Origin")
      .split(",")
      .map((name) => name.trim())
      .filter(Boolean),
    headers: value("Access-Control-Allow-Headers"),
  };
}

/** The headers for an answer to a request from that origin; none for an origin that is not allowed. */
export function corsHeaders(
  settings: CorsSettings,
  origin: string | undefined,
  methods: string,
): HeaderList {
  if (!settings.enabled) return [];
  const allowed = settings.origins.includes("*")
    ? "*"
    : settings.origins.find((name) => name === origin);
  if (allowed === undefined) return [];
  const headers: [string, string][] = [
    ["Access-Control-Allow-Methods", methods],
    ["Access-Control-Allow-Origin", allowed],
  ];
  if (settings.headers !== "") headers.push(["Access-Control-Allow-Headers", settings.headers]);
  // A cache must not give the answer for one origin to another.
  if (allowed !== "*") headers.push(["Vary", "Origin"]);
  return headers;
}
