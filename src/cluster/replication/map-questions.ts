/**
 * Questions to the peers for single entries that this node does not have: each peer is asked once, the first entry that
 * comes back ends the question, as does the bound. The same key is asked once at a time.
 */
import type { Clock, Timer } from "../../runtime/clock.ts";
import type { MapEntry } from "../replicated-map.ts";
import type { MapChannel } from "./map-channel.ts";
import { encodeFrame } from "./map-frames.ts";

/** Questions at once; who asks beyond is told that nobody knows. */
export const QUESTIONS_MAX = 4096;

interface Question {
  readonly key: string;
  /** Peers that have not answered yet. */
  readonly asked: Set<string>;
  readonly promise: Promise<void>;
  readonly end: () => void;
  readonly timer: Timer;
}

export class MapQuestions {
  readonly #channel: MapChannel;
  readonly #clock: Clock;
  readonly #open = new Map<number, Question>();
  readonly #numbers = new Map<string, number>();
  #made = 0;

  constructor(channel: MapChannel, clock: Clock) {
    this.#channel = channel;
    this.#clock = clock;
  }

  /** Resolves when one peer had the entry, all had not, or the bound is over. Never rejects. */
  ask(key: string, boundMs: number): Promise<void> {
    const known = this.#open.get(this.#numbers.get(key) ?? 0);
    if (known) return known.promise;
    const peers = this.#channel.peers();
    if (peers.length === 0 || this.#open.size >= QUESTIONS_MAX) return Promise.resolve();
    const question = (this.#made += 1);
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = this.#clock.after(boundMs, () => this.#close(question));
    this.#open.set(question, { key, asked: new Set(peers), promise, end: resolve, timer });
    this.#numbers.set(key, question);
    const bytes = encodeFrame({ kind: "ask", question, key });
    for (const peer of peers) {
      this.#channel.deliver(peer, bytes).catch(() => this.take(peer, question, undefined));
    }
    return promise;
  }

  /** A peer has answered, or cannot. The caller has kept the entry already. */
  take(peer: string, question: number, entry: MapEntry | undefined): void {
    const open = this.#open.get(question);
    if (!open?.asked.delete(peer)) return;
    if (open.asked.size === 0 || entry?.value !== undefined) this.#close(question);
  }

  close(): void {
    for (const question of this.#open.keys()) this.#close(question);
  }

  #close(question: number): void {
    const open = this.#open.get(question);
    if (!open) return;
    this.#open.delete(question);
    this.#numbers.delete(open.key);
    open.timer.cancel();
    open.end();
  }
}
