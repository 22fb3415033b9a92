/**
 * Responses that were kept for the same request: a bounded map that forgets the least recently used, by number and by
 * bytes, and what is older than its time. One for each cache mediator, or for each id with scope per-host.
 */
import type { HeaderList } from "../engine.ts";
import type { Payload } from "../message/payload-builder.ts";

/** Largest sum of responses that one cache keeps, in bytes. */
export const CACHE_BYTES_MAX = 64 * 1024 * 1024;

export interface CachedResponse {
  /** Copied before it is used. */
  readonly payload: Payload;
  /** Size of the body in bytes, or about that. */
  readonly size: number;
  readonly headers: HeaderList;
  readonly status: { readonly status: number; readonly reason: string } | undefined;
  /** Monotonic time at which it was kept, in milliseconds. */
  readonly keptAtMs: number;
  /** Until when it may be used; undefined: for ever. */
  readonly expiresAtMs: number | undefined;
}

/** A request that was not found: where its response is to be kept. */
export interface CacheMiss {
  readonly cache: ResponseCache;
  readonly key: string;
  readonly rules: CacheRules;
}

/** What may be kept. */
export interface CacheRules {
  /** Undefined: for ever. */
  readonly timeoutMs: number | undefined;
  /** Bytes; undefined: any size. */
  readonly messageBytesMax: number | undefined;
  /** Anchored; undefined: any status. */
  readonly statusPattern: RegExp | undefined;
  /** Cache-Control of the response decides too. */
  readonly obeysCacheControl: boolean;
}

export class ResponseCache {
  readonly entriesMax: number;
  readonly #entries = new Map<string, CachedResponse>();
  #bytes = 0;

  constructor(entriesMax: number) {
    this.entriesMax = entriesMax;
  }

  get(key: string, nowMs: number): CachedResponse | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    this.#remove(key, entry);
    if (entry.expiresAtMs !== undefined && nowMs >= entry.expiresAtMs) return undefined;
    this.#add(key, entry);
    return entry;
  }

  /** Keeps a response; one that is larger than the whole cache is not kept. */
  set(key: string, entry: CachedResponse): void {
    const old = this.#entries.get(key);
    if (old) this.#remove(key, old);
    if (entry.size > CACHE_BYTES_MAX || this.entriesMax <= 0) return;
    this.#add(key, entry);
    for (const [oldest, value] of this.#entries) {
      if (this.#entries.size <= this.entriesMax && this.#bytes <= CACHE_BYTES_MAX) return;
      this.#remove(oldest, value);
    }
  }

  #add(key: string, entry: CachedResponse): void {
    this.#entries.set(key, entry);
    this.#bytes += entry.size;
  }

  #remove(key: string, entry: CachedResponse): void {
    if (this.#entries.delete(key)) this.#bytes -= entry.size;
  }
}
