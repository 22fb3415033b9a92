/**
 * Leaky buckets by key (ngx_http_limit_req_lookup and _account): each zone keeps as many keys as its size in
 * bytes gives room for, and forgets the one that was used longest ago. Buckets survive a reload.
 */
import type { LimitRule, LimitZoneConfig } from "./modules/limit-req.ts";

/** What nginx needs for one key, so that sizes of zones mean about the same. */
const BUCKET_BYTES = 128;

interface Bucket {
  /** Requests times 1000. */
  excess: number;
  lastMs: number;
}

export class LimitZone {
  readonly config: LimitZoneConfig;
  readonly #buckets: Map<string, Bucket>;

  /** @param previous the zone of the same name before a reload. */
  constructor(config: LimitZoneConfig, previous?: LimitZone) {
    this.config = config;
    this.#buckets = previous ? previous.#buckets : new Map();
  }

  get size(): number {
    return this.#buckets.size;
  }

  /** The bucket of the key, now the most recently used one; undefined: the key is new. */
  touch(key: string): Bucket | undefined {
    const bucket = this.#buckets.get(key);
    if (bucket) {
      this.#buckets.delete(key);
      this.#buckets.set(key, bucket);
    }
    return bucket;
  }

  add(key: string, nowMs: number): void {
    const countMax = Math.floor(this.config.sizeBytes / BUCKET_BYTES);
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size >= countMax && oldest !== undefined) this.#buckets.delete(oldest);
    this.#buckets.set(key, { excess: 0, lastMs: nowMs });
  }

  /** The excess with one more request at that time. */
  excessAt({ excess, lastMs }: Bucket, nowMs: number): number {
    const leaked = (this.config.rate * Math.max(0, nowMs - lastMs)) / 1000;
    return Math.max(0, excess - leaked + 1000);
  }
}

/** The zones of a configuration. */
export class LimitZones {
  readonly #zones: ReadonlyMap<string, LimitZone>;

  constructor(configs: readonly LimitZoneConfig[], previous?: LimitZones) {
    this.#zones = new Map(
      configs.map((config) => {
        const before = previous?.find(config.name);
        const isSame = before?.config.key.text === config.key.text;
        return [config.name, new LimitZone(config, isSame ? before : undefined)];
      }),
    );
  }

  find(name: string): LimitZone | undefined {
    return this.#zones.get(name);
  }
}

export interface AppliedLimit {
  readonly rule: LimitRule;
  readonly zone: LimitZone;
  readonly key: string;
}

export type LimitVerdict =
  | { readonly kind: "passed" }
  | { readonly kind: "rejected"; readonly excess: number; readonly zoneName: string }
  | {
      readonly kind: "delayed";
      readonly excess: number;
      readonly zoneName: string;
      readonly delayMs: number;
    };

/** All limits or none: a request that one of them refuses fills no bucket. */
export function checkLimits(limits: readonly AppliedLimit[], nowMs: number): LimitVerdict {
  const found = limits.map(({ rule, zone, key }) => {
    const bucket = zone.touch(key);
    const excess = bucket ? zone.excessAt(bucket, nowMs) : 0;
    return { rule, zone, key, bucket, excess };
  });
  for (const { rule, zone, excess } of found) {
    if (excess > rule.burst) return { kind: "rejected", excess, zoneName: zone.config.name };
  }
  let verdict: LimitVerdict = { kind: "passed" };
  let longestMs = 0;
  for (const { rule, zone, key, bucket, excess } of found) {
    if (bucket) {
      bucket.excess = excess;
      bucket.lastMs = Math.max(bucket.lastMs, nowMs);
    } else zone.add(key, nowMs);
    const delayMs = Math.floor(((excess - rule.delay) * 1000) / zone.config.rate);
    if (excess <= rule.delay || delayMs <= longestMs) continue;
    longestMs = delayMs;
    verdict = { kind: "delayed", excess, zoneName: zone.config.name, delayMs };
  }
  return verdict;
}
