/**
 * A job that this node has claimed: whether it holds the lease, of which term, until when, and when it asks next.
 * Tells the holder; decides nothing about others.
 */
import type { Clock, Timer } from "../../runtime/clock.ts";
import type { LeaseHolder } from "../lease.ts";
import type { LeaseRequest } from "./lease-frames.ts";
import { LEASE_MS } from "./lease-timing.ts";

export class ClaimedJob {
  readonly job: string;
  readonly #holder: LeaseHolder;
  readonly #clock: Clock;
  #heldTerm: number | undefined;
  #endMs = 0;
  /** The highest term that was asked for or heard of. */
  #seenTerm = 0;
  /** The term that was asked for last and neither refused nor lost. */
  #askedTerm: number | undefined;
  #retryMs = 0;
  #timer: Timer | undefined;

  constructor(job: string, holder: LeaseHolder, clock: Clock) {
    this.job = job;
    this.#holder = holder;
    this.#clock = clock;
  }

  /** When it wants to ask next, given the moment at which leases are renewed. */
  dueMs(renewMs: number): number {
    return this.#heldTerm === undefined ? this.#retryMs : renewMs;
  }

  /**
   * What to ask for next; undefined: nothing yet. A new term is no less than the wall clock, so that terms go on growing
   * when all members have forgotten the last one; two members never get the same one, whatever their clocks say.
   */
  request(): LeaseRequest | undefined {
    const { job } = this;
    this.#look();
    if (this.#heldTerm !== undefined) return { kind: "renew", job, term: this.#heldTerm };
    if (this.#clock.monotonicMs() < this.#retryMs) return undefined;
    const term = Math.max(this.#seenTerm + 1, Math.floor(this.#clock.wallMs()));
    this.#seenTerm = term;
    this.#askedTerm = term;
    return { kind: "claim", job, term };
  }

  /** No majority, at least not in time: a claim is made again from `retryMs` on, with a higher term. */
  refuse(highestTerm: number, retryMs: number): void {
    this.#seenTerm = Math.max(this.#seenTerm, highestTerm);
    this.#retryMs = retryMs;
    if (this.#heldTerm === undefined) this.#askedTerm = undefined;
  }

  /** A majority has granted the term, asked at `sentMs`. Too late: nothing happens. */
  hold(term: number, sentMs: number): void {
    const endMs = sentMs + LEASE_MS;
    const isAsked = term === this.#askedTerm;
    if (!isAsked || endMs <= this.#clock.monotonicMs()) return;
    this.#endMs = Math.max(this.#endMs, endMs);
    if (this.#heldTerm !== undefined) return;
    this.#heldTerm = term;
    this.#watch();
    this.#holder.gained({ term, isHeld: () => this.#isHeld(term) });
  }

  /** Ends it without a word to the holder. Returns the term that grantors may still have granted. */
  end(): number | undefined {
    const term = this.#askedTerm;
    this.#forget();
    return term;
  }

  /** Timers of a process that was stopped run late: the clock decides, not whether `lost` was called. */
  #isHeld(term: number): boolean {
    return this.#heldTerm === term && this.#clock.monotonicMs() < this.#endMs;
  }

  #look(): void {
    if (this.#heldTerm === undefined || this.#isHeld(this.#heldTerm)) return;
    this.#forget();
    this.#holder.lost();
  }

  #forget(): void {
    this.#heldTerm = undefined;
    this.#askedTerm = undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #watch(): void {
    this.#timer = this.#clock.after(this.#endMs - this.#clock.monotonicMs(), () => {
      this.#look();
      if (this.#heldTerm !== undefined) this.#watch();
    });
  }
}
