/**
 * Hands a member what its copy lacks: all entries beyond the counters that it named, in parts, each sent when there was
 * room for the last one. A joining member names none and so gets everything. Gives the event loop its turns.
 */
import { type Clock, sleep } from "../../runtime/clock.ts";
import type { MapStore } from "../replicated-map.ts";
import type { MapChannel } from "./map-channel.ts";
import { type Counters, encodeFrame, PartFrame } from "./map-frames.ts";

/** Longest stretch of work without a turn of the event loop. */
const SLICE_MS = 20;
/** Entries between two looks at the clock. */
const LOOK_ENTRIES = 256;

export interface TransferRequest {
  readonly peer: string;
  readonly transfer: number;
  /** What the peer has. */
  readonly has: Counters;
  /** What this copy has, at this moment. */
  readonly counters: Counters;
}

export class MapTransfer {
  readonly #channel: MapChannel;
  readonly #store: MapStore;
  readonly #clock: Clock;
  #parts = 0;
  #cancelled = false;

  constructor(channel: MapChannel, store: MapStore, clock: Clock) {
    this.#channel = channel;
    this.#store = store;
    this.#clock = clock;
  }

  /** Resolves when all was handed over; also when the peer is gone. */
  async run(request: TransferRequest): Promise<void> {
    const counters = new Map(request.counters);
    try {
      await this.#sendEntries(request);
      const { peer, transfer } = request;
      if (this.#cancelled) return;
      const done = encodeFrame({ kind: "done", transfer, parts: this.#parts, counters });
      await this.#channel.deliver(peer, done);
    } catch {
      // The peer asks again, here or elsewhere, when it hears what it lacks.
    }
  }

  cancel(): void {
    this.#cancelled = true;
  }

  async #sendEntries({ peer, transfer, has }: TransferRequest): Promise<void> {
    let sliceMs = this.#clock.monotonicMs();
    let looked = 0;
    let part = new PartFrame(transfer);
    let isEmpty = true;
    for (const entry of this.#store.entries()) {
      if (this.#cancelled) return;
      if (entry.version.counter > (has.get(entry.version.writer) ?? 0)) {
        part.add(entry);
        isEmpty = false;
      }
      if (part.isFull) {
        await this.#send(peer, part);
        part = new PartFrame(transfer);
        isEmpty = true;
      }
      looked += 1;
      if (looked % LOOK_ENTRIES > 0 || this.#clock.monotonicMs() - sliceMs < SLICE_MS) continue;
      await sleep(this.#clock, 0);
      sliceMs = this.#clock.monotonicMs();
    }
    if (!isEmpty) await this.#send(peer, part);
  }

  #send(peer: string, part: PartFrame): Promise<void> {
    this.#parts += 1;
    return this.#channel.deliver(peer, part.finish());
  }
}
