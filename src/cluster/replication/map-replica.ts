/**
 * A replicated map for providers that bring a `PeerMessenger`. Own changes leave through `DeltaOutbox`, those of others
 * are merged into this node's copy (`CopiedMap`), and `MapReconciler` sees to it that copies which missed something
 * become alike again. Made by `ReplicatingCluster`.
 */
import { messageOf } from "../../errors/app-error.ts";
import type { Log } from "../../observability/log.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Membership } from "../cluster.ts";
import type { PeerMessenger } from "../peer-messenger.ts";
import type { MapEntry, ReplicatedMapOptions } from "../replicated-map.ts";
import { settledWithin } from "../settled-within.ts";
import { CopiedMap } from "./copied-map.ts";
import { DeltaOutbox } from "./delta-outbox.ts";
import type { Entries } from "./entry-codec.ts";
import { MapChannel } from "./map-channel.ts";
import { decodeFrame, encodeFrame, type MapFrame } from "./map-frames.ts";
import { MapQuestions } from "./map-questions.ts";
import { MapReconciler } from "./map-reconciler.ts";
import { VersionVector } from "./version-vector.ts";

/** How long a deletion is remembered: a member that was cut off for longer may bring the entry back. */
const TOMBSTONE_MS = 10 * 60_000;

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

export class MapReplica extends CopiedMap {
  readonly #options: MapReplicaOptions;
  readonly #channel: MapChannel;
  readonly #outbox: DeltaOutbox;
  readonly #questions: MapQuestions;
  readonly #reconciler: MapReconciler;
  readonly #vector = new VersionVector();
  readonly #unsubscribe: readonly (() => void)[];
  #complainedMs = -Infinity;

  constructor(options: MapReplicaOptions) {
    const { clock, membership, includes = () => true } = options;
    super({ ...options, writer: membership.self.id, tombstoneMs: TOMBSTONE_MS });
    this.#options = options;
    this.#channel = new MapChannel({ ...options, includes });
    this.#outbox = new DeltaOutbox({
      clock,
      send: (bytes) => this.#channel.pushToAll(bytes),
      onSent: (from, to) => void this.#vector.take(this.#channel.selfId, from, to),
    });
    this.#questions = new MapQuestions(this.#channel, clock);
    const parts = { channel: this.#channel, store: this.store, vector: this.#vector, clock };
    this.#reconciler = new MapReconciler(parts);
    this.#unsubscribe = [
      this.#channel.receive((from, bytes) => this.#receive(from, bytes)),
      membership.on("joined", (member) => {
        if (this.#channel.includes(member)) this.#reconciler.offer(member.id);
      }),
      membership.on("left", (member) => this.#reconciler.drop(member.id)),
    ];
    for (const peer of this.#channel.peers()) this.#reconciler.offer(peer);
  }

  protected passWrite(entry: MapEntry): void {
    this.#outbox.add(entry);
  }

  protected passTouch(key: string, ttlMs: number): void {
    this.#outbox.touch(key, ttlMs);
  }

  protected askOthers(key: string, boundMs: number): Promise<void> {
    return this.#questions.ask(key, boundMs);
  }

  protected async leave(): Promise<void> {
    const { clock, onClose } = this.#options;
    this.#questions.close();
    this.#outbox.flush();
    await settledWithin(clock, CLOSE_MS_MAX, this.#channel.settled());
    this.#reconciler.close();
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    onClose();
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
        this.#mergeAll(frame.entries);
        if (!this.#vector.take(from, frame.from, frame.to)) this.#reconciler.want(from);
        return;
      case "touches":
        for (const { key, ttlMs } of frame.touches) this.store.touch(key, ttlMs);
        return;
      case "offer":
        return this.#reconciler.takeOffer(from, frame.counters, frame.isReply);
      case "want":
        return this.#reconciler.serve(from, frame);
      case "part":
        this.#mergeAll(frame.entries);
        return this.#reconciler.takePart(from, frame.transfer);
      case "done":
        return this.#reconciler.takeDone(from, frame);
      case "ask":
        return this.#answer(from, frame.question, frame.key);
      case "answer":
        if (frame.entry) this.merge(frame.entry, this.clock.monotonicMs());
        return this.#questions.take(from, frame.question, frame.entry);
    }
  }

  #answer(peer: string, question: number, key: string): void {
    const entry = this.store.entry(key);
    this.#channel.push(peer, encodeFrame({ kind: "answer", question, entry }));
  }

  #mergeAll(entries: Entries): void {
    const nowMs = this.clock.monotonicMs();
    entries.forEach((entry) => this.merge(entry, nowMs));
  }
}
