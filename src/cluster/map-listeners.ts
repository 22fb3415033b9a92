/** Who listens to a replicated map, the same for all providers. A handler that fails keeps no other from being told. */
import { messageOf } from "../errors/app-error.ts";
import type { Log } from "../observability/log.ts";
import type { MapEntry, ReplicatedMapEvents } from "./replicated-map.ts";

type Handlers = {
  readonly [Name in keyof ReplicatedMapEvents]: Set<ReplicatedMapEvents[Name]>;
};

export class MapListeners {
  readonly #map: string;
  readonly #log: Log;
  readonly #handlers: Handlers = { set: new Set(), deleted: new Set() };

  /** `map` is its name, for the log. */
  constructor(map: string, log: Log) {
    this.#map = map;
    this.#log = log;
  }

  on<Name extends keyof ReplicatedMapEvents>(
    event: Name,
    handler: ReplicatedMapEvents[Name],
  ): () => void {
    const handlers: Set<ReplicatedMapEvents[Name]> = this.#handlers[event];
    handlers.add(handler);
    return () => void handlers.delete(handler);
  }

  /** A deletion is told as such. The key is looked at only when somebody listens. */
  tell(entry: Pick<MapEntry, "key" | "value">): void {
    const { value } = entry;
    if (value === undefined) {
      for (const tell of this.#handlers.deleted) this.#attempt("deleted", () => tell(entry.key));
    } else {
      for (const tell of this.#handlers.set) this.#attempt("set", () => tell(entry.key, value));
    }
  }

  #attempt(event: string, call: () => void): void {
    try {
      call();
    } catch (error) {
      const what = `a handler of "${event}" of the map "${this.#map}"`;
      this.#log.error(`${what} failed: ${messageOf(error)}`, { error });
    }
  }
}
