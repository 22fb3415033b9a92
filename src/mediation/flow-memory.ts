/**
 * What mediators of a node keep from one generation to the next: responses of `cache`, counters of `throttle`, and what was
 * written to the registry. WSO2 deploys one artifact at a time and leaves the rest as it runs; so a deployment here empties
 * nothing that it does not change. A compiler has one for all its generations. Bounded: the oldest id goes first.
 */
import { isDeepStrictEqual } from "node:util";
import { ResponseCache } from "./mediators/response-cache.ts";
import type { ThrottlePolicy } from "./mediators/throttle-policy.ts";
import { ThrottleState } from "./mediators/throttle-state.ts";
import type { LocalEntry } from "./message/local-entry.ts";

/** Ids of caches, and of throttles, that are kept. */
export const FLOW_IDS_MAX = 1_000;
/** Registry paths that can be written. */
export const REGISTRY_WRITES_MAX = 1_000;

interface Written {
  readonly text: string;
  /** What was deployed at the path when it was written. */
  readonly over: LocalEntry | undefined;
}

export class FlowMemory {
  readonly #owned = new WeakMap<object, ResponseCache>();
  readonly #caches = new Map<string, ResponseCache>();
  readonly #throttles = new Map<string, ThrottleState>();
  readonly #written = new Map<string, Written>();

  /** The cache of one mediator: another one when its artifact changes. */
  cacheOf(mediator: object, entriesMax: number): ResponseCache {
    const known = this.#owned.get(mediator);
    if (known) return known;
    const made = new ResponseCache(entriesMax);
    this.#owned.set(mediator, made);
    return made;
  }

  /** The cache of an id; it stays as long as it has that size. */
  sharedCache(id: string, entriesMax: number): ResponseCache {
    const known = this.#caches.get(id);
    if (known?.entriesMax === entriesMax) return known;
    return keep(this.#caches, id, new ResponseCache(entriesMax));
  }

  /** The counters of a throttle; they stay as long as its policy says the same. */
  throttle(id: string, policy: ThrottlePolicy): ThrottleState {
    const known = this.#throttles.get(id);
    if (known && isDeepStrictEqual(known.policy, policy)) return known;
    return keep(this.#throttles, id, new ThrottleState(policy));
  }

  /** What was written to a registry path since `deployed` lies there. */
  registryText(path: string, deployed: LocalEntry | undefined): string | undefined {
    const written = this.#written.get(path);
    return written?.over === deployed ? written?.text : undefined;
  }

  /** Remembers a value on this node until the path is deployed anew; false when too many paths were written. */
  writeRegistry(path: string, text: string, deployed: LocalEntry | undefined): boolean {
    if (this.#written.size >= REGISTRY_WRITES_MAX && !this.#written.has(path)) return false;
    this.#written.set(path, { text, over: deployed });
    return true;
  }
}

function keep<Value>(table: Map<string, Value>, id: string, value: Value): Value {
  table.delete(id);
  const [oldest] = table.keys();
  if (oldest !== undefined && table.size >= FLOW_IDS_MAX) table.delete(oldest);
  table.set(id, value);
  return value;
}
