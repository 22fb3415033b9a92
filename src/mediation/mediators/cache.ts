/**
 * `cache`: answers a request from a response that was kept for the same request (CacheMediator). The finder stands in the
 * request's flow; the collector, in the response's flow, keeps the response of a request that was not found.
 */
import type { Message } from "../message/message.ts";
import { MessageBody } from "../message/message-body.ts";
import { TransportHeaders } from "../message/transport-headers.ts";
import { cloneDocument, rootOf, serializeNode } from "../xml/dom.ts";
import { type Branch, runBranch } from "./branch.ts";
import { cacheKey, type CacheKeyKind } from "./cache-key.ts";
import type { Mediator } from "./mediator.ts";
import {
  type CachedResponse,
  type CacheMiss,
  type CacheRules,
  type ResponseCache,
} from "./response-cache.ts";

export interface CacheFinderOptions {
  /** Shared by all finders of that id; undefined: a cache of this mediator's own. */
  readonly sharedId: string | undefined;
  readonly entriesMax: number;
  readonly keyKind: CacheKeyKind;
  /** Upper-cased; undefined: every method. */
  readonly methods: ReadonlySet<string> | undefined;
  /** In lower case; "*" is all. */
  readonly excludedHeaders: ReadonlySet<string>;
  /** Adds `Age` to what comes from the cache. */
  readonly includesAge: boolean;
  readonly rules: CacheRules;
  /** Undefined: the kept response goes to the client at once. */
  readonly onCacheHit: Branch | undefined;
}

export class CacheFinderMediator implements Mediator {
  readonly kind = "cache";
  readonly #options: CacheFinderOptions;

  constructor(options: CacheFinderOptions) {
    this.#options = options;
  }

  async mediate(message: Message): Promise<boolean> {
    if (message.direction === "response") return collect(message);
    const { methods, keyKind, excludedHeaders, rules } = this.#options;
    if (methods && !methods.has(message.exchange.request.method.toUpperCase())) return true;
    const cache = this.#cache(message);
    const key = await cacheKey(message, keyKind, excludedHeaders);
    const wanted = rules.obeysCacheControl
      ? cacheControl(message.headers.get("Cache-Control"))
      : {};
    const found =
      wanted.refuses === true ? undefined : cache.get(key, message.environment.clock.monotonicMs());
    if (found) return this.#hit(message, found);
    if (wanted.stores !== false) message.exchange.cacheMiss = { cache, key, rules };
    return true;
  }

  #cache(message: Message): ResponseCache {
    const { sharedId, entriesMax } = this.#options;
    const { shared } = message.environment;
    return sharedId === undefined
      ? shared.memory.cacheOf(this, entriesMax)
      : shared.cache(sharedId, entriesMax);
  }

  /** Nothing behind the cache runs. */
  async #hit(message: Message, found: CachedResponse): Promise<boolean> {
    takeOver(message, found);
    if (this.#options.includesAge) {
      const ageMs = message.environment.clock.monotonicMs() - found.keptAtMs;
      message.headers.set("Age", String(Math.floor(ageMs / 1_000)));
    }
    const { onCacheHit } = this.#options;
    if (onCacheHit) await runBranch(onCacheHit, message);
    else await message.exchange.answer(message);
    return false;
  }
}

/** `cache collector="true"`: keeps the response of a request that a finder did not find. */
export class CacheCollectorMediator implements Mediator {
  readonly kind = "cache";

  async mediate(message: Message): Promise<boolean> {
    return collect(message);
  }
}

async function collect(message: Message): Promise<boolean> {
  const miss = message.exchange.cacheMiss;
  if (!miss) return true;
  message.exchange.cacheMiss = undefined;
  const { statusPattern, messageBytesMax, obeysCacheControl } = miss.rules;
  const status = message.endpointStatus?.status ?? 200;
  if (statusPattern && !statusPattern.test(String(status))) return true;
  const control = obeysCacheControl ? cacheControl(message.headers.get("Cache-Control")) : {};
  if (control.stores === false || control.refuses === true) return true;
  const body = await keptBody(message);
  if (messageBytesMax !== undefined && body.size > messageBytesMax) return true;
  keep(message, miss, { ...body, maxAgeMs: control.maxAgeMs });
  return true;
}

type KeptBody = Pick<CachedResponse, "payload" | "size">;

async function keptBody(message: Message): Promise<KeptBody> {
  const payload = await message.payload();
  if (payload.kind === "json") return { payload, size: payload.text.length };
  const size = serializeNode(rootOf(payload.envelope)).length;
  const envelope = cloneDocument(payload.envelope);
  return { payload: { ...payload, envelope }, size };
}

function keep(
  message: Message,
  { cache, key, rules }: CacheMiss,
  { payload, size, maxAgeMs }: KeptBody & { readonly maxAgeMs: number | undefined },
): void {
  const keptAtMs = message.environment.clock.monotonicMs();
  const times = [rules.timeoutMs, maxAgeMs].filter((time) => time !== undefined);
  cache.set(key, {
    payload,
    size,
    headers: message.headers.forResponse(),
    status: message.endpointStatus,
    keptAtMs,
    expiresAtMs: times.length === 0 ? undefined : keptAtMs + Math.min(...times),
  });
}

/** The message becomes the response that was kept. */
function takeOver(message: Message, found: CachedResponse): void {
  message.becomeResponse();
  message.body.discard();
  message.headers = new TransportHeaders(found.headers, false);
  message.body = new MessageBody(undefined);
  message.axis2.clear();
  const { payload } = found;
  message.replacePayload(
    payload.kind === "json" ? payload : { ...payload, envelope: cloneDocument(payload.envelope) },
  );
  message.endpointStatus = found.status;
  if (!found.status) return;
  message.axis2.set("HTTP_SC", found.status.status);
  if (found.status.reason !== "") message.axis2.set("HTTP_SC_DESC", found.status.reason);
}

interface CacheControl {
  /** no-cache: nothing kept may be used. */
  readonly refuses?: boolean;
  /** false: no-store. */
  readonly stores?: boolean;
  readonly maxAgeMs?: number | undefined;
}

/** RFC 9111, section 5.2, as far as a cache that never asks again needs it. */
function cacheControl(header: string | undefined): CacheControl {
  const words = (header ?? "")
    .toLowerCase()
    .split(",")
    .map((word) => word.trim());
  const age = words.map((word) => /^max-age\s*=\s*"?(\d{1,9})"?$/.exec(word)?.[1]).find(Boolean);
  const maxAgeMs = age === undefined ? undefined : Number(age) * 1_000;
  return {
    refuses: words.includes("no-cache") || maxAgeMs === 0,
    stores: !words.includes("no-store"),
    maxAgeMs,
  };
}
