/** The message stores of one generation, opened as they are first asked for. */
import { type StoreDefinition, openStore, type StoreSurroundings } from "./store-definition.ts";
import type { MessageStore } from "./message-store.ts";

export class StoreSet {
  readonly #definitions: ReadonlyMap<string, StoreDefinition>;
  readonly #around: StoreSurroundings;
  readonly #stores = new Map<string, MessageStore>();

  constructor(definitions: ReadonlyMap<string, StoreDefinition>, around: StoreSurroundings) {
    this.#definitions = definitions;
    this.#around = around;
  }

  get(name: string): MessageStore | undefined {
    const known = this.#stores.get(name);
    if (known) return known;
    const definition = this.#definitions.get(name);
    if (!definition) return undefined;
    const store = openStore(definition, this.#around);
    this.#stores.set(name, store);
    return store;
  }

  /** Closes connections; a message that is still on its way may open them again. */
  async close(): Promise<void> {
    await Promise.all([...this.#stores.values()].map((store) => store.close()));
  }
}
