/**
 * The header of the request to the peer: what `proxy_set_header` says first, then the client's fields
 * without those that concern only its own connection (RFC 9110 7.6.1), as ngx_http_proxy_create_request.
 */
import { CONNECTION_FIELDS } from "../../../net/connection-fields.ts";
import type { RequestContext } from "../request-context.ts";
import { fieldValues, type HeaderField } from "../header-fields.ts";
import type { ReplayableBody } from "./replayable-body.ts";

/** The client's connection's, and Expect, which the gateway answers itself. */
function isOwn(lowerName: string): boolean {
  return CONNECTION_FIELDS.has(lowerName) || lowerName === "expect";
}

/** As http.request takes them: repeated names as lists. */
export type OutgoingFields = Record<string, string | string[]>;

/** Set by the gateway unless `proxy_set_header` sets them. */
function defaultFields(proxyHost: string): readonly HeaderField[] {
  return [["Host", proxyHost]];
}

/** The fields for the peer, body length included. `body`: undefined for none. */
export function requestFields(
  context: RequestContext,
  body: ReplayableBody | undefined,
): OutgoingFields {
  const proxyHost = context.proxyTarget?.host ?? "";
  const configured = context.location.settings.proxy.setHeaders.map(
    ({ name, value }): HeaderField => [name, value.evaluate(context)],
  );
  const names = new Set(configured.map(([name]) => name.toLowerCase()));
  const defaults = defaultFields(proxyHost).filter(([name]) => !names.has(name.toLowerCase()));
  const own = [...defaults, ...configured.filter(isSent)];
  const taken = new Set([...names, ...defaults.map(([name]) => name.toLowerCase())]);
  const { passRequestHeaders } = context.location.settings.proxy;
  const passed = passRequestHeaders ? clientFields(context) : [];
  const client = passed.filter(([name]) => !taken.has(name.toLowerCase()));
  return toOutgoing([...own, ...client, ...bodyFields(context, body)]);
}

/** The length of a body is never what the configuration says it is. */
function isSent([name, value]: HeaderField): boolean {
  const lower = name.toLowerCase();
  return value !== "" && lower !== "content-length" && lower !== "transfer-encoding";
}

function clientFields({ exchange }: RequestContext): readonly HeaderField[] {
  const { fields } = exchange.head;
  const named = fieldValues(fields, "connection").flatMap((value) => value.split(","));
  const listed = new Set(named.map((name) => name.trim().toLowerCase()));
  return fields.filter(([name]) => {
    const lower = name.toLowerCase();
    if (lower === "content-length") return false;
    return !isOwn(lower) && (lower === "host" || !listed.has(lower));
  });
}

/** Lower-case names: these two must never stand twice. */
function bodyFields(
  { exchange }: RequestContext,
  body: ReplayableBody | undefined,
): readonly HeaderField[] {
  if (!body) return [];
  if (body.isComplete) return [["content-length", String(body.byteCount)]];
  const [length] = fieldValues(exchange.head.fields, "content-length");
  return length === undefined ? [["transfer-encoding", "chunked"]] : [["content-length", length]];
}

function toOutgoing(fields: readonly HeaderField[]): OutgoingFields {
  const outgoing: OutgoingFields = {};
  const spelling = new Map<string, string>();
  for (const [name, value] of fields) {
    const lower = name.toLowerCase();
    const key = spelling.get(lower) ?? name;
    spelling.set(lower, key);
    const before = Object.hasOwn(outgoing, key) ? outgoing[key] : undefined;
    if (before === undefined) outgoing[key] = value;
    else outgoing[key] = Array.isArray(before) ? [...before, value] : [before, value];
  }
  return outgoing;
}
