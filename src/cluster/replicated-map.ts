/**
 * The port of replicated maps: text by text, the same at every member, each entry with an expiry by idle time. Made by
 * `Cluster.map`. Every read is answered from this node's own copy; changes go to the others in batches. The last
 * writer of an entry wins, by a version that orders all writes of the cluster alike (`EntryVersion`).
 */

import type { KeyBytes } from "./key-bytes.ts";

/**
 * Orders the writes of an entry: by `counter`, then by `writer`. The counter is a hybrid logical clock in one number: greater
 * than every counter that the writer has seen, and no less than its wall clock in 1024ths of a millisecond.
 */
export interface EntryVersion {
  /** A whole number below 2 ** 53. */
  readonly counter: number;
  /** The id of the member that wrote. */
  readonly writer: string;
}

/** One entry as it is stored and sent. A deletion is an entry without a value, which is kept for its `ttlMs`. */
export interface MapEntry {
  /** Where there are `keyBytes`, made of them when somebody looks. */
  readonly key: string;
  /** The same key where it stands in a message or a table. Absent: there is only the text. */
  readonly keyBytes?: KeyBytes;
  /** Undefined: deleted. */
  readonly value: string | undefined;
  readonly version: EntryVersion;
  /** Idle time after which the entry expires, in milliseconds; at least 1. */
  readonly ttlMs: number;
  /** Milliseconds since the last write or touch, at the moment at which the entry is looked at. */
  readonly idleMs: number;
}

/**
 * What became of an entry that was merged into a store:
 * "older", the store has a newer one; "same", it has this one, whose shorter idle time counts now;
 * "written", kept with its value; "deleted", kept, and the value that there was is gone;
 * "unnoticed", nothing that readers see: nothing was there to delete, the entry had expired, or the store does not keep such ones.
 */
export type Merge = "older" | "same" | "written" | "deleted" | "unnoticed";

/**
 * Where a map keeps its entries: memory, expiry and which write wins (`compareVersions`) are the store's, so that a table
 * that exists anyway can be the store. All calls are synchronous and none may call the map.
 */
export interface MapStore {
  /** Number of entries with a value; may count expired ones that `expire` has not met yet. */
  readonly size: number;
  /** The value; undefined when there is none, it was deleted or has expired. */
  get(key: string): string | undefined;
  /** The version of the entry, deleted ones included; undefined when there is none. */
  version(key: string): EntryVersion | undefined;
  /** The whole entry, deleted ones included; undefined when there is none or it has expired. */
  entry(key: string): MapEntry | undefined;
  /**
   * Keeps the entry where it is newer than the one of its key, or the first one and not expired. `entry` is valid during
   * the call only. `nowMs` is the clock's: who merges many asks it once.
   */
  merge(entry: MapEntry, nowMs: number): Merge;
  /** Starts the idle time again and keeps the version. Does nothing without a live entry. */
  touch(key: string, ttlMs: number): void;
  /**
   * All entries, deletions included, in any order; goes on while entries change between two steps. Each is valid until
   * the next step.
   */
  entries(): Iterable<MapEntry>;
  /** Forgets what has expired, in bounded time; called once a second. Returns the keys that had a value. */
  expire(): readonly string[];
}

export interface ReplicatedMapOptions {
  /** Default: a store of the map's own, which keeps at most `entriesMax` entries. */
  readonly store?: MapStore;
  /** Bound of the map's own store, beyond which the entry that is idle for longest goes. Default: 1,000,000. */
  readonly entriesMax?: number;
  /** Which members take part. All of them must be told the same. Default: all. */
  readonly includes?: (member: { readonly role: string; readonly subDomain: string }) => boolean;
}

export interface ReplicatedMapEvents {
  /** An entry was written or overwritten by another member. */
  readonly set: (key: string, value: string) => void;
  /** An entry was deleted by another member, or has expired here. */
  readonly deleted: (key: string) => void;
}

export interface ReplicatedMap {
  readonly name: string;
  /** Number of entries of this node's copy. */
  readonly size: number;
  get(key: string): string | undefined;
  /** Writes here at once and at the others within DELTA_MS and the way there. @throws AppError CLUSTER_LIMIT. */
  set(key: string, value: string, ttlMs: number): void;
  /** Starts the idle time of the entry again, here and in time at the others. Does nothing without an entry. */
  touch(key: string, ttlMs: number): void;
  delete(key: string): void;
  /**
   * This node's own value, else what a peer answers: each is asked once. Resolves with undefined when none has the
   * entry or `boundMs` are over; never rejects. An answer is kept here too.
   */
  ask(key: string, boundMs: number): Promise<string | undefined>;
  /** Registers a handler; returns the function that removes it. Own writes raise no event. */
  on<Name extends keyof ReplicatedMapEvents>(
    event: Name,
    handler: ReplicatedMapEvents[Name],
  ): () => void;
  /** Ends the replication; what waits is sent first. The store keeps its entries. */
  close(): Promise<void>;
}
