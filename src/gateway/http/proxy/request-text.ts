/**
 * The head of the request to the peer as text: what `proxy_set_header` says, then the client's fields without those
 * that concern only its own connection (RFC 9110 7.6.1), as ngx_http_proxy_create_request.
 */
import {
  hasToken,
  isToken,
  lowerNameOf,
  safeValue,
  valuesOf,
} from "../../../net/http1/header-field.ts";
import type { RequestContext } from "../request-context.ts";
import type { ProxyPlan } from "./proxy-plan.ts";

export interface RequestLine {
  readonly method: string;
  readonly path: string;
  readonly version: "1.0" | "1.1";
}

/** Undefined: there is no body, and no field about it. */
export type BodyLength = number | "chunked" | undefined;

/** The client's method, or `proxy_method`. @throws Error when that gives what cannot stand in a request line. */
export function sentMethod(context: RequestContext): string {
  const given = context.location.settings.proxy.method?.evaluate(context) ?? "";
  if (given === "") return context.method;
  if (isToken(given)) return given;
  throw new Error(`"proxy_method" gives no method: ${JSON.stringify(given.slice(0, 100))}`);
}

/** One character a byte, the empty line included. `keepsAlive`: the connection is kept afterwards. */
export function requestText(
  context: RequestContext,
  plan: ProxyPlan,
  { method, path, version }: RequestLine,
  { length, keepsAlive }: { readonly length: BodyLength; readonly keepsAlive: boolean },
): string {
  let text = `${method} ${path} HTTP/${version}\r\n`;
  if (!plan.setsHost) text += `Host: ${context.proxyTarget?.host ?? ""}\r\n`;
  for (const { name, value } of plan.ownFields) {
    const evaluated = value.evaluate(context);
    if (evaluated === "") continue;
    text += `${name}: ${safeValue(evaluated)}\r\n`;
  }
  if (!plan.setsConnection && !keepsAlive) text += "Connection: close\r\n";
  if (length === "chunked") text += "Transfer-Encoding: chunked\r\n";
  else if (length !== undefined) text += `Content-Length: ${length}\r\n`;
  const { passRequestHeaders } = context.location.settings.proxy;
  return `${passRequestHeaders ? text + clientFields(context, plan) : text}\r\n`;
}

function clientFields({ exchange }: RequestContext, { withheld }: ProxyPlan): string {
  const { fields } = exchange.head;
  const listed = fieldsOfConnection(valuesOf(fields, "connection"));
  let text = "";
  for (const field of fields) {
    const lower = lowerNameOf(field);
    if (!withheld.has(lower) && listed?.has(lower) !== true) text += `${field[0]}: ${field[1]}\r\n`;
  }
  return text;
}

/** The names that `Connection` lists belong to the client's connection as well. Undefined: none. */
function fieldsOfConnection(values: readonly string[]): ReadonlySet<string> | undefined {
  if (values.length === 0) return undefined;
  const [value = ""] = values;
  if (values.length === 1 && PLAIN_CONNECTION.test(value)) return undefined;
  return new Set(
    values.flatMap((text) => text.split(",").map((name) => name.trim().toLowerCase())),
  );
}

const PLAIN_CONNECTION = /^(?:keep-alive|close|upgrade)$/i;

/** The request asks the peer for another protocol: the configuration sets Upgrade for a client that wants it. */
export function asksForUpgrade(context: RequestContext, text: string): boolean {
  if (!context.exchange.wantsUpgrade) return false;
  const fields = text.split("\r\n").map((line): readonly [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, Math.max(0, colon)), line.slice(colon + 1).trim()];
  });
  return (
    fields.some(([name]) => name.toLowerCase() === "upgrade") &&
    hasToken(fields, "connection", "upgrade")
  );
}
