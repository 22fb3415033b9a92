/**
 * The port of replicated maps: text by text, the same at every member, each entry with an expiry by idle time. Made by
 * `Cluster.map`. Every read is answered from this node's own copy; changes go to the others in batches. The last
 * writer of an entry wins, by a version that orders all writes of the cluster alike (`EntryVersion`).
 */

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
  readonly key: string;
  /** Undefined: deleted. */
  readonly value: string | undefined;
  readonly version: EntryVersion;
  /** Idle time after which the entry expires, in milliseconds; at least 1. */
  readonly ttlMs: number;
  /** Milliseconds since the last write or touch, at the moment at which the entry is looked at. */
  readonly idleMs: number;
}

/**
 * Where a map keeps its entries. The map decides by version and asks the store to keep; the store owns memory and
 * expiry, so that a table that exists anyway can be the store. All calls are synchronous and none may call the map.
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
   * Keeps the entry in place of an older one; the map has compared the versions. One of the version that the store has
   * already is the same entry: the shorter idle time counts.
   */
  apply(entry: MapEntry): void;
  /** Starts the idle time again and keeps the version. Does nothing without a live entry. */
  touch(key: string, ttlMs: number): void;
  /** All entries, deletions included, in any order; stays valid while entries change between two steps. */
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
