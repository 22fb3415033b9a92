/**
 * What mediators of one generation share: caches and throttles by their id, so that the request's side finds what the
 * response's side left, and what was written to the registry. Made once a generation; what it holds is as
 * many as the artifacts name, or bounded.
 */
import type { ResponseCache } from "./mediators/response-cache.ts";
import type { ThrottleState } from "./mediators/throttle-state.ts";

/** Registry paths that can be written between two deployments. */
export const REGISTRY_WRITES_MAX = 1_000;

export class SharedState {
  readonly caches = new Map<string, ResponseCache>();
  readonly throttles = new Map<string, ThrottleState>();
  readonly #registry = new Map<string, string>();

  /** What was written to a registry path since the generation began. */
  registryText(path: string): string | undefined {
    return this.#registry.get(path);
  }

  /** Remembers a value on this node until the next deployment; false when too many paths were written. */
  writeRegistry(path: string, text: string): boolean {
    if (this.#registry.size >= REGISTRY_WRITES_MAX && !this.#registry.has(path)) return false;
    this.#registry.set(path, text);
    return true;
  }
}
