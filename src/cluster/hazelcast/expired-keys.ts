/**
 * Keys that this node has ended by its own clock, for as long as the store may still hold their entries: what is read from there
 * later must not bring an idle entry back. Used by `HazelcastMap`.
 */
import type { Clock } from "../../runtime/clock.ts";
import { ENTRY_GRACE_MS } from "./hazelcast-timing.ts";

/** The store cuts lives to whole seconds, and the node looks once a second. */
const KEPT_MS = ENTRY_GRACE_MS + 2_000;
/** Beyond it the oldest is forgotten: an entry may come back once, for its idle time. */
const KEYS_MAX = 100_000;

export class ExpiredKeys {
  readonly #clock: Clock;
  /** When each has expired, oldest first. */
  readonly #keys = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(key: string): void {
    this.#keys.delete(key);
    this.#keys.set(key, this.#clock.monotonicMs());
    this.#forget();
  }

  has(key: string): boolean {
    this.#forget();
    return this.#keys.has(key);
  }

  /** Somebody has written it anew. */
  delete(key: string): void {
    this.#keys.delete(key);
  }

  #forget(): void {
    const endMs = this.#clock.monotonicMs() - KEPT_MS;
    for (const [key, expiredMs] of this.#keys) {
      if (expiredMs > endMs && this.#keys.size <= KEYS_MAX) return;
      this.#keys.delete(key);
    }
  }
}
