/** One map of the double: entries with a life, locks with a lease, listeners. Time is the machine's. */

export const EVENT = { added: 1, removed: 2, updated: 4 } as const;

export interface MapChange {
  readonly type: (typeof EVENT)[keyof typeof EVENT];
  readonly key: Buffer;
  readonly value: Buffer | undefined;
}

interface Entry {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly endsMs: number;
}

export class StoredMap {
  readonly listeners = new Set<(change: MapChange) => void>();
  readonly #entries = new Map<string, Entry>();
  readonly #locks = new Map<string, { readonly owner: string; readonly endsMs: number }>();

  get(key: Buffer): Buffer | undefined {
    const entry = this.#entries.get(nameOf(key));
    return entry && entry.endsMs > performance.now() ? entry.value : undefined;
  }

  entries(): readonly (readonly [Buffer, Buffer])[] {
    const nowMs = performance.now();
    const live = [...this.#entries.values()].filter(({ endsMs }) => endsMs > nowMs);
    return live.map(({ key, value }) => [key, value]);
  }

  /** `ttlMs` is cut to whole seconds, as the server does; 0 and less: for ever. */
  set(key: Buffer, value: Buffer, ttlMs: number): void {
    const type = this.get(key) ? EVENT.updated : EVENT.added;
    const lifeMs = ttlMs <= 0 ? Infinity : Math.floor(ttlMs / 1000) * 1000;
    this.#entries.set(nameOf(key), { key, value, endsMs: performance.now() + lifeMs });
    this.#tell({ type, key, value });
  }

  delete(key: Buffer): void {
    if (this.#entries.delete(nameOf(key)))
      this.#tell({ type: EVENT.removed, key, value: undefined });
  }

  /** Reentrant for its owner, whose call starts the lease anew. */
  tryLock(key: Buffer, owner: string, leaseMs: number): boolean {
    const nowMs = performance.now();
    const lock = this.#locks.get(nameOf(key));
    if (lock && lock.owner !== owner && lock.endsMs > nowMs) return false;
    this.#locks.set(nameOf(key), { owner, endsMs: nowMs + leaseMs });
    return true;
  }

  forceUnlock(key: Buffer): void {
    this.#locks.delete(nameOf(key));
  }

  #tell(change: MapChange): void {
    for (const listener of this.listeners) listener(change);
  }
}

function nameOf(key: Buffer): string {
  return key.toString("latin1");
}
