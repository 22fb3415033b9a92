/**
 * What a compiled artifact remembers while messages pass: one value for each generation that runs it. An artifact whose file
 * has not changed is the same object in the next generation; what it has kept of others (groups of their messages, schemas
 * that it read by key) belongs to the generation before and stays there. What outlives a deployment is in flow-memory.ts.
 */
import type { SharedState } from "./shared-state.ts";

export class PerGeneration<Value> {
  readonly #make: () => Value;
  /** Goes with the generation. */
  readonly #values = new WeakMap<SharedState, Value>();

  constructor(make: () => Value) {
    this.#make = make;
  }

  /** The value for the generation that `shared` belongs to, made when it is first asked for. */
  of(shared: SharedState): Value {
    const known = this.#values.get(shared);
    if (known !== undefined) return known;
    const made = this.#make();
    this.#values.set(shared, made);
    return made;
  }
}
