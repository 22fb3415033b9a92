/**
 * What makes two requests the same to a cache: the body (DOMHASHGenerator), address and body (REQUESTHASHGenerator), or
 * method, address, headers and body (HttpRequestHashGenerator). A request without body is told by its address and
 * headers. Who asks always counts: an answer for one user never goes to another.
 */
import { createHash } from "node:crypto";
import type { Message } from "../message/message.ts";
import { serializeNode } from "../xml/dom.ts";
import { payloadOf } from "../xml/soap.ts";

export type CacheKeyKind = "body" | "address-and-body" | "http";

/** Headers that differ without meaning, in lower case. */
const IGNORED_HEADERS: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "date",
  "expect",
  "host",
  "keep-alive",
  "traceparent",
  "tracestate",
  "transfer-encoding",
  "user-agent",
  "x-forwarded-for",
  "x-real-ip",
  "x-request-id",
]);

/** A digest. `excluded`: further headers that do not count, in lower case; "*" is all but Authorization. */
export async function cacheKey(
  message: Message,
  kind: CacheKeyKind,
  excluded: ReadonlySet<string>,
): Promise<string> {
  const { method, target } = message.exchange.request;
  const body = await bodyText(message);
  const hash = createHash("sha256");
  const add = (part: string): void => {
    hash.update(`${part.length}:`).update(part);
  };
  add(body);
  add(message.headers.get("Authorization") ?? "");
  const isWhole = kind === "http" || body === "";
  if (isWhole) {
    add(method);
    for (const [name, value] of countedHeaders(message, excluded)) add(`${name}:${value}`);
  }
  if (isWhole || kind === "address-and-body") add(message.addressing.To ?? target);
  if (isWhole) add(target);
  return hash.digest("base64");
}

function countedHeaders(
  message: Message,
  excluded: ReadonlySet<string>,
): readonly (readonly [string, string])[] {
  if (excluded.has("*")) return [];
  return message.headers
    .forRequest()
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name]) => !IGNORED_HEADERS.has(name) && !excluded.has(name))
    .toSorted(([one], [other]) => (one < other ? -1 : Number(one > other)));
}

async function bodyText(message: Message): Promise<string> {
  const payload = await message.payload();
  if (payload.kind === "json") return payload.text;
  const element = payloadOf(payload.envelope);
  return element ? serializeNode(element) : "";
}
