/**
 * Keeps the copies of a map alike whatever was lost on the way: members tell each other what they have (`VersionVector`),
 * when one joins, when a gap shows and to one member after the other all the time, and ask for what they lack. One
 * transfer to this node at a time, and one from this node to each member.
 */
import type { Clock, Timer } from "../../runtime/clock.ts";
import type { MapStore } from "../replicated-map.ts";
import type { MapChannel } from "./map-channel.ts";
import { type Counters, encodeFrame, type MapFrame } from "./map-frames.ts";
import { MapTransfer } from "./map-transfer.ts";
import type { VersionVector } from "./version-vector.ts";

/** How often a member is told what this node has: a change whose message was lost is noticed that much later. */
export const OFFER_MS = 1_000;
/** A transfer of which nothing was heard for so long is given up. */
export const TRANSFER_SILENCE_MS = 2_000;

interface Incoming {
  readonly peer: string;
  readonly transfer: number;
  parts: number;
  heardMs: number;
}

export interface MapReconcilerOptions {
  readonly channel: MapChannel;
  readonly store: MapStore;
  readonly vector: VersionVector;
  readonly clock: Clock;
}

export class MapReconciler {
  readonly #options: MapReconcilerOptions;
  readonly #outgoing = new Map<string, MapTransfer>();
  readonly #timer: Timer;
  #incoming: Incoming | undefined;
  #transfers = 0;
  #turn = 0;

  constructor(options: MapReconcilerOptions) {
    this.#options = options;
    this.#timer = options.clock.every(OFFER_MS, () => this.#tick());
  }

  /** Tells a member what this node has; it answers when it has more, and asks when it has less. */
  offer(peer: string, isReply = false): void {
    const { counters } = this.#options.vector;
    this.#options.channel.push(peer, encodeFrame({ kind: "offer", isReply, counters }));
  }

  takeOffer(peer: string, counters: Counters, isReply: boolean): void {
    if (this.#options.vector.lacks(counters)) this.want(peer);
    if (!isReply && hasMore(this.#options.vector.counters, counters)) this.offer(peer, true);
  }

  /** Asks the member for what this node lacks, unless a transfer runs already. */
  want(peer: string): void {
    const { vector, channel, clock } = this.#options;
    if (this.#incoming) return;
    const transfer = (this.#transfers += 1);
    this.#incoming = { peer, transfer, parts: 0, heardMs: clock.monotonicMs() };
    const bytes = encodeFrame({ kind: "want", transfer, counters: vector.counters });
    channel.deliver(peer, bytes).catch(() => {
      if (this.#incoming?.transfer === transfer) this.#incoming = undefined;
    });
  }

  serve(peer: string, { transfer, counters: has }: Extract<MapFrame, { kind: "want" }>): void {
    const { channel, store, clock, vector } = this.#options;
    this.#outgoing.get(peer)?.cancel();
    const outgoing = new MapTransfer(channel, store, clock);
    this.#outgoing.set(peer, outgoing);
    void outgoing.run({ peer, transfer, has, counters: vector.counters }).finally(() => {
      if (this.#outgoing.get(peer) === outgoing) this.#outgoing.delete(peer);
    });
  }

  takePart(peer: string, transfer: number): void {
    const incoming = this.#incoming;
    if (incoming?.peer !== peer || incoming.transfer !== transfer) return;
    incoming.parts += 1;
    incoming.heardMs = this.#options.clock.monotonicMs();
  }

  takeDone(peer: string, { transfer, parts, counters }: Extract<MapFrame, { kind: "done" }>): void {
    const incoming = this.#incoming;
    if (incoming?.peer !== peer || incoming.transfer !== transfer) return;
    this.#incoming = undefined;
    // Only with all parts does this node have what the other one had.
    if (incoming.parts === parts) this.#options.vector.merge(counters);
  }

  /** The member is gone: what runs with it ends. */
  drop(peer: string): void {
    this.#outgoing.get(peer)?.cancel();
    this.#outgoing.delete(peer);
    if (this.#incoming?.peer === peer) this.#incoming = undefined;
  }

  close(): void {
    this.#timer.cancel();
    for (const outgoing of this.#outgoing.values()) outgoing.cancel();
  }

  #tick(): void {
    const nowMs = this.#options.clock.monotonicMs();
    if (this.#incoming && nowMs - this.#incoming.heardMs > TRANSFER_SILENCE_MS)
      this.#incoming = undefined;
    const peers = this.#options.channel.peers();
    const peer = peers[(this.#turn += 1) % Math.max(1, peers.length)];
    if (peer !== undefined) this.offer(peer);
  }
}

function hasMore(own: Counters, others: Counters): boolean {
  for (const [writer, counter] of own) if (counter > (others.get(writer) ?? 0)) return true;
  return false;
}
