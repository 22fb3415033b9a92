/**
 * What the provider needs of Hazelcast, and no more: maps with a life for each entry, locks with a lease, one kind of
 * topic, and news of the connection. `hazelcast-store.ts` makes it of hazelcast-client. Every call ends: with what the
 * cluster answered, or with a rejection after STORE_SICK_MS or the time that the call names.
 */
import type { Closable } from "../../runtime/lifecycle.ts";

/** "removed" means that somebody removed the entry; an entry whose life is over raises no event. */
export type StoreEvent =
  | { readonly kind: "set"; readonly key: string; readonly value: Buffer }
  | { readonly kind: "removed"; readonly key: string };

export type StoreEntry = readonly [key: string, value: Buffer];

export interface StoreMap {
  /** `ttlMs` is cut to whole seconds; 0: lives for ever. */
  set(key: string, value: Buffer, ttlMs: number): Promise<void>;
  get(key: string, withinMs?: number): Promise<Buffer | undefined>;
  /** Puts `next` in the place of exactly `expected` (undefined: of no entry); lives for ever. False: it was another. */
  replace(key: string, expected: Buffer | undefined, next: Buffer): Promise<boolean>;
  delete(key: string): Promise<void>;
  keys(): Promise<readonly string[]>;
  entries(withinMs?: number): Promise<readonly StoreEntry[]>;
  /** Calls `handler` from now on for every change, own ones included, across lost connections; duplicates are possible. */
  listen(handler: (event: StoreEvent) => void): void;
  /** Takes the lock of a key, or renews it when this store holds it already. False: another one holds it. */
  tryLock(key: string, leaseMs: number): Promise<boolean>;
  /** Frees the lock of a key, whoever holds it. */
  unlock(key: string): Promise<void>;
}

export interface StoreTopic {
  publish(value: Buffer): Promise<void>;
  /** Calls `handler` for messages from now on; some may come twice. */
  listen(handler: (value: Buffer) => void): void;
}

export interface StoreWatcher {
  /** Connected, for the first time or again: what was stored may be gone. */
  connected(): void;
  disconnected(): void;
  /** A cluster answered and refused this node: it has another name. */
  refused(): void;
  /** A Hazelcast member left: events may have been missed. */
  serverLost(): void;
}

export interface Store extends Closable {
  readonly isConnected: boolean;
  /** Sets the one watcher; it is told of a connection that exists already. */
  watch(watcher: StoreWatcher): void;
  /** The map of that name, the same object for the same name. Usable before there is a connection. */
  map(name: string): StoreMap;
  topic(name: string): StoreTopic;
}
