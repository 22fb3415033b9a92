/** Sessions of clients and the child that each is bound to (SALSessions). Bounded; use keeps a session alive. */

/** Sessions of one endpoint; the one that was not used for the longest time is forgotten beyond it. */
const SESSIONS_MAX = 100_000;

interface Session {
  readonly child: number;
  readonly expiresMs: number;
}

export class SessionTable {
  readonly #sessions = new Map<string, Session>();

  get size(): number {
    return this.#sessions.size;
  }

  /** The child of a session that has not expired; its time starts anew. */
  use(id: string, nowMs: number, timeoutMs: number): number | undefined {
    const session = this.#sessions.get(id);
    if (!session) return undefined;
    this.#sessions.delete(id);
    if (session.expiresMs <= nowMs) return undefined;
    this.#sessions.set(id, { child: session.child, expiresMs: nowMs + timeoutMs });
    return session.child;
  }

  bind(id: string, child: number, expiresMs: number): void {
    this.#sessions.delete(id);
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size >= SESSIONS_MAX && oldest !== undefined) this.#sessions.delete(oldest);
    this.#sessions.set(id, { child, expiresMs });
  }

  unbind(id: string): void {
    this.#sessions.delete(id);
  }
}
