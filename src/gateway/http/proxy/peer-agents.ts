/**
 * Kept connections to peers: one pool per upstream and way of checking certificates, so that a connection
 * whose peer was checked under one name never serves a request that asks for another.
 */
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { PeerTls } from "./attempt.ts";

/** Most pools; beyond it the oldest is closed. */
const POOL_COUNT_MAX = 256;

export class PeerAgents {
  readonly #pools = new Map<string, HttpAgent>();

  /** The pool for requests to that upstream. `idleCount`: idle connections kept; 0: none. */
  agentFor(upstream: string, tls: PeerTls | undefined, idleCount: number): HttpAgent | undefined {
    if (idleCount === 0) return undefined;
    const key = JSON.stringify([upstream, tls]);
    const known = this.#pools.get(key);
    if (known) return known;
    const options = { keepAlive: true, maxFreeSockets: idleCount, scheduling: "lifo" } as const;
    const agent = tls ? new HttpsAgent(options) : new HttpAgent(options);
    this.#pools.set(key, agent);
    this.#closeOldest();
    return agent;
  }

  close(): void {
    for (const agent of this.#pools.values()) agent.destroy();
    this.#pools.clear();
  }

  /** Requests in progress on the closed pool fail; 256 upstreams and names are far beyond real use. */
  #closeOldest(): void {
    const [oldest] = this.#pools;
    if (this.#pools.size <= POOL_COUNT_MAX || !oldest) return;
    this.#pools.delete(oldest[0]);
    oldest[1].destroy();
  }
}
