/**
 * What mediators of one generation share: caches and throttles by their id, so that the request's side finds what the
 * response's side left. Made once a generation; which of them come from the generation before, the node's memory says.
 * Holds as many as the artifacts name.
 */
import type { FlowMemory } from "./flow-memory.ts";
import type { ResponseCache } from "./mediators/response-cache.ts";
import type { ThrottlePolicy } from "./mediators/throttle-policy.ts";
import type { ThrottleState } from "./mediators/throttle-state.ts";

export class SharedState {
  /** Of the node: what outlives the generation. */
  readonly memory: FlowMemory;
  readonly #caches = new Map<string, ResponseCache>();
  readonly #throttles = new Map<string, ThrottleState>();

  constructor(memory: FlowMemory) {
    this.memory = memory;
  }

  /** The first one who asks for an id decides how large its cache is. */
  cache(id: string, entriesMax: number): ResponseCache {
    const known = this.#caches.get(id) ?? this.memory.sharedCache(id, entriesMax);
    this.#caches.set(id, known);
    return known;
  }

  /** Undefined: no message has come to a throttle of that id which has a policy. */
  knownThrottle(id: string): ThrottleState | undefined {
    return this.#throttles.get(id);
  }

  /** The first one who asks for an id decides on its policy. */
  throttle(id: string, policy: ThrottlePolicy): ThrottleState {
    const known = this.#throttles.get(id) ?? this.memory.throttle(id, policy);
    this.#throttles.set(id, known);
    return known;
  }
}
