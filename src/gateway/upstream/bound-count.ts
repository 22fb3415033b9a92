/** How many sessions are bound to a server, and since when the oldest: counted by the session tables for members that drain. */

export interface BoundCount {
  readonly count: number;
  /** For how long the oldest of them has been known here; 0 where there is none. Milliseconds. */
  readonly oldestMs: number;
}

/** Adds up sessions by server, for the servers asked for. */
export class BoundCounter {
  readonly #nowMs: number;
  readonly #counts: Map<string, { count: number; oldestMs: number }>;

  constructor(serverIds: ReadonlySet<string>, nowMs: number) {
    this.#nowMs = nowMs;
    this.#counts = new Map([...serverIds].map((id) => [id, { count: 0, oldestMs: 0 }]));
  }

  /** @param sinceMs monotonic. */
  add(serverId: string, sinceMs: number): void {
    const found = this.#counts.get(serverId);
    if (!found) return;
    found.count++;
    found.oldestMs = Math.max(found.oldestMs, this.#nowMs - sinceMs);
  }

  get counts(): ReadonlyMap<string, BoundCount> {
    return this.#counts;
  }
}
