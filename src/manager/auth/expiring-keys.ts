/**
 * Random keys that stand for a login for some time: access tokens, console sessions, and the memory of Basic
 * credentials that were right a moment ago. Kept in memory under a keyed hash, never as they are,
 * so that neither a dump nor the time of a look-up tells them; the oldest goes when the room is full.
 */
import { createHmac, randomBytes } from "node:crypto";
import type { Clock } from "../../runtime/clock.ts";

export interface ExpiringKeysOptions {
  readonly clock: Clock;
  /** Keys that live at once; a new one beyond it ends the oldest. */
  readonly countMax: number;
  /** After its making, whatever happens. */
  readonly lifeMs: number;
  /** After its last use; undefined: only `lifeMs` counts. */
  readonly idleMs?: number;
}

interface Entry<Value> {
  readonly value: Value;
  readonly madeMs: number;
  usedMs: number;
}

const KEY_BYTES = 32;

export class ExpiringKeys<Value> {
  readonly #options: ExpiringKeysOptions;
  readonly #hashKey = randomBytes(KEY_BYTES);
  /** In the order of making. */
  readonly #entries = new Map<string, Entry<Value>>();

  constructor(options: ExpiringKeysOptions) {
    this.#options = options;
  }

  /** Makes a random key (256 bits, base64url) for the value. */
  issue(value: Value): string {
    const key = randomBytes(KEY_BYTES).toString("base64url");
    this.keep(key, value);
    return key;
  }

  /** Takes over a key that somebody else made. */
  keep(key: string, value: Value): void {
    const nowMs = this.#options.clock.monotonicMs();
    const hash = this.#hash(key);
    this.#entries.delete(hash);
    this.#entries.set(hash, { value, madeMs: nowMs, usedMs: nowMs });
    const oldest = this.#entries.keys().next().value;
    if (this.#entries.size > this.#options.countMax && oldest !== undefined)
      this.#entries.delete(oldest);
  }

  /** The value, unless its time is over. `isUse` false: does not count as a use, so that polling keeps nothing alive. */
  find(key: string, isUse = true): Value | undefined {
    const hash = this.#hash(key);
    const entry = this.#entries.get(hash);
    if (!entry) return undefined;
    const nowMs = this.#options.clock.monotonicMs();
    const { lifeMs, idleMs = lifeMs } = this.#options;
    if (nowMs - entry.madeMs >= lifeMs || nowMs - entry.usedMs >= idleMs) {
      this.#entries.delete(hash);
      return undefined;
    }
    if (isUse) entry.usedMs = nowMs;
    return entry.value;
  }

  revoke(key: string): void {
    this.#entries.delete(this.#hash(key));
  }

  get count(): number {
    return this.#entries.size;
  }

  #hash(key: string): string {
    return createHmac("sha256", this.#hashKey).update(key).digest("base64");
  }
}
