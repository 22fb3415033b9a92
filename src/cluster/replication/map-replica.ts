/**
 * This node's copy of a replicated map, for providers that bring a `PeerMessenger`. Reads and writes are the store's; own
 * changes leave through `DeltaOutbox`, those of others are taken when they are newer, and `MapReconciler` sees to it that
 * copies which missed something become alike again. Made by `ReplicatingCluster`.
 */
import { messageOf } from "../../errors/app-error.ts";
import type { Log } from "../../observability/log.ts";
import type { Clock, Timer } from "../../runtime/clock.ts";
import type { Membership } from "../cluster.ts";
import { MapListeners } from "../map-listeners.ts";
import type { PeerMessenger } from "../peer-messenger.ts";
import type {
  MapEntry,
  MapStore,
  ReplicatedMap,
  ReplicatedMapEvents,
  ReplicatedMapOptions,
} from "../replicated-map.ts";
import { CompactMapStore } from "./compact-map-store.ts";
import { DeltaOutbox } from "./delta-outbox.ts";
import { checkEntry } from "./entry-codec.ts";
import { compareVersions, HybridCounter } from "./entry-order.ts";
import { MapChannel } from "./map-channel.ts";
import { decodeFrame, encodeFrame, type MapFrame } from "./map-frames.ts";
import { MapQuestions } from "./map-questions.ts";
import { MapReconciler } from "./map-reconciler.ts";
import { VersionVector } from "./version-vector.ts";

/** Default bound of a map's own store. */
export const ENTRIES_MAX_DEFAULT = 1_000_000;
/** How long a deletion is remembered: a member that was cut off for longer may bring the entry back. */
export const TOMBSTONE_MS = 10 * 60_000;

const EXPIRE_MS = 1_000;
const CLOSE_MS_MAX = 1_000;
const COMPLAINT_MS = 60_000;

export interface MapReplicaOptions extends ReplicatedMapOptions {
  readonly name: string;
  readonly membership: Membership;
  readonly messenger: PeerMessenger;
  readonly clock: Clock;
  readonly log: Log;
  /** Called when the map was closed. */
  readonly onClose: () => void;
}

export class MapReplica implements ReplicatedMap {
  readonly name: string;
  readonly #options: MapReplicaOptions;
  readonly #store: MapStore;
  readonly #channel: MapChannel;
  readonly #outbox: DeltaOutbox;
  readonly #questions: MapQuestions;
  readonly #reconciler: MapReconciler;
  readonly #vector = new VersionVector();
  readonly #counter: HybridCounter;
  readonly #listeners: MapListeners;
  readonly #unsubscribe: readonly (() => void)[];
  readonly #timer: Timer;
  #complainedMs = -Infinity;
  #closing: Promise<void> | undefined;

  constructor(options: MapReplicaOptions) {
    const { name, clock, membership, includes = () => true } = options;
    this.name = name;
    this.#options = options;
    this.#store =
      options.store ?? new CompactMapStore(clock, options.entriesMax ?? ENTRIES_MAX_DEFAULT);
    this.#counter = new HybridCounter(clock);
    this.#listeners = new MapListeners(name, options.log);
    this.#channel = new MapChannel({ ...options, includes });
    this.#outbox = new DeltaOutbox({
      clock,
      send: (bytes) => this.#channel.pushToAll(bytes),
      onSent: (from, to) => void this.#vector.take(this.#channel.selfId, from, to),
    });
    this.#questions = new MapQuestions(this.#channel, clock);
    const parts = { channel: this.#channel, store: this.#store, vector: this.#vector, clock };
    this.#reconciler = new MapReconciler(parts);
    this.#timer = clock.every(EXPIRE_MS, () => this.#expire());
    this.#unsubscribe = [
      this.#channel.receive((from, bytes) => this.#receive(from, bytes)),
      membership.on("joined", (member) => {
        if (this.#channel.includes(member)) this.#reconciler.offer(member.id);
      }),
      membership.on("left", (member) => this.#reconciler.drop(member.id)),
    ];
    for (const peer of this.#channel.peers()) this.#reconciler.offer(peer);
  }

  get size(): number {
    return this.#store.size;
  }

  get(key: string): string | undefined {
    return this.#store.get(key);
  }

  set(key: string, value: string, ttlMs: number): void {
    checkEntry(this.name, key, value, ttlMs);
    this.#write(key, value, ttlMs);
  }

  touch(key: string, ttlMs: number): void {
    if (this.#store.get(key) === undefined) return;
    checkEntry(this.name, key, "", ttlMs);
    this.#store.touch(key, ttlMs);
    if (!this.#closing) this.#outbox.touch(key, ttlMs);
  }

  delete(key: string): void {
    if (this.#store.version(key)) this.#write(key, undefined, TOMBSTONE_MS);
  }

  async ask(key: string, boundMs: number): Promise<string | undefined> {
    const own = this.#store.get(key);
    if (own !== undefined || this.#closing) return own;
    await this.#questions.ask(key, boundMs);
    return this.#store.get(key);
  }

  on<Name extends keyof ReplicatedMapEvents>(
    event: Name,
    handler: ReplicatedMapEvents[Name],
  ): () => void {
    return this.#listeners.on(event, handler);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #write(key: string, value: string | undefined, ttlMs: number): void {
    this.#counter.observe(this.#store.version(key)?.counter ?? 0);
    const version = { counter: this.#counter.next(), writer: this.#channel.selfId };
    const entry: MapEntry = { key, value, version, ttlMs, idleMs: 0 };
    this.#store.apply(entry);
    if (!this.#closing) this.#outbox.add(entry);
  }

  #receive(from: string, bytes: Buffer): void {
    try {
      this.#take(from, decodeFrame(bytes));
    } catch (error) {
      const nowMs = this.#options.clock.monotonicMs();
      if (nowMs - this.#complainedMs < COMPLAINT_MS) return;
      this.#complainedMs = nowMs;
      this.#options.log.warn(
        `A message of member [${from}] about the map "${this.name}" was dropped: ${messageOf(error)}`,
      );
    }
  }

  #take(from: string, frame: MapFrame): void {
    switch (frame.kind) {
      case "delta":
        for (const entry of frame.entries) this.#merge(entry);
        if (!this.#vector.take(from, frame.from, frame.to)) this.#reconciler.want(from);
        return;
      case "touches":
        for (const { key, ttlMs } of frame.touches) this.#store.touch(key, ttlMs);
        return;
      case "offer":
        return this.#reconciler.takeOffer(from, frame.counters, frame.isReply);
      case "want":
        return this.#reconciler.serve(from, frame);
      case "part":
        for (const entry of frame.entries) this.#merge(entry);
        return this.#reconciler.takePart(from, frame.transfer);
      case "done":
        return this.#reconciler.takeDone(from, frame);
      case "ask":
        return this.#answer(from, frame.question, frame.key);
      case "answer":
        if (frame.entry) this.#merge(frame.entry);
        return this.#questions.take(from, frame.question, frame.entry);
    }
  }

  #answer(peer: string, question: number, key: string): void {
    const entry = this.#store.entry(key);
    this.#channel.push(peer, encodeFrame({ kind: "answer", question, entry }));
  }

  /** Keeps the entry when it is newer than the own one. */
  #merge(entry: MapEntry): void {
    this.#counter.observe(entry.version.counter);
    const own = this.#store.version(entry.key);
    if (!own && entry.idleMs >= entry.ttlMs) return;
    const order = own ? compareVersions(entry.version, own) : 1;
    if (order < 0) return;
    const hadValue = entry.value === undefined && this.#store.get(entry.key) !== undefined;
    this.#store.apply(entry);
    if (order === 0) return;
    const { key, value } = entry;
    if (value !== undefined) this.#listeners.tellSet(key, value);
    else if (hadValue) this.#listeners.tellDeleted(key);
  }

  #expire(): void {
    for (const key of this.#store.expire()) this.#listeners.tellDeleted(key);
  }

  async #close(): Promise<void> {
    const { clock, onClose } = this.#options;
    this.#timer.cancel();
    this.#questions.close();
    this.#outbox.flush();
    const late = Promise.withResolvers<void>();
    const timer = clock.after(CLOSE_MS_MAX, late.resolve);
    await Promise.race([this.#channel.settled(), late.promise]);
    timer.cancel();
    this.#reconciler.close();
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    onClose();
  }
}
