/**
 * Leases over locks of the store: one atomic call takes or renews a lock, which ends by itself after LEASE_MS. The
 * holder trusts it for less: it steps down when its last renewal began LEASE_TRUST_MS ago by its own clock, and when a renewal
 * fails. The term comes from a second map, raised by compare-and-set after the lock was won; it stays ahead of the wall
 * clock's milliseconds, so that it goes on growing after the store has lost its memory. A minority claims nothing.
 */
import { AppError } from "../../errors/app-error.ts";
import type { Clock, Timer } from "../../runtime/clock.ts";
import type { LeaseClaim, LeaseHolder } from "../lease.ts";
import { LEASE_MS, LEASE_TRUST_MS, RENEW_MS } from "./hazelcast-timing.ts";
import type { StoreMap } from "./store.ts";
import type { ValueSeal } from "./value-seal.ts";

export interface LeaseOptions {
  readonly locks: StoreMap;
  readonly terms: StoreMap;
  readonly seal: ValueSeal;
  /** Whether this node sees a majority of the registered members. */
  readonly hasMajority: () => boolean;
  readonly clock: Clock;
}

export class HazelcastLeases {
  readonly #options: LeaseOptions;
  readonly #claims = new Map<string, JobClaim>();

  constructor(options: LeaseOptions) {
    this.#options = options;
  }

  /** @throws AppError INTERNAL when this node claims the job already. */
  claim(job: string, holder: LeaseHolder): LeaseClaim {
    if (this.#claims.has(job))
      throw new AppError("INTERNAL", `the job "${job}" is claimed twice by one node`);
    const claim = new JobClaim(job, holder, this.#options);
    this.#claims.set(job, claim);
    return {
      release: async () => {
        if (this.#claims.get(job) === claim) this.#claims.delete(job);
        await claim.release();
      },
    };
  }

  /** Tries all claims at once: the store is there again, or there are more members. */
  look(): void {
    for (const claim of this.#claims.values()) claim.look();
  }

  /** Gives up all leases; their holders are told. */
  async close(): Promise<void> {
    const claims = [...this.#claims.values()];
    this.#claims.clear();
    await Promise.all(claims.map((claim) => claim.giveUp()));
  }
}

class JobClaim {
  readonly #job: string;
  readonly #holder: LeaseHolder;
  readonly #options: LeaseOptions;
  readonly #ticker: Timer;
  #watchdog: Timer | undefined;
  /** The last successful call began then; undefined: not held. */
  #renewedMs: number | undefined;
  /** Of the grant that the holder was told of; undefined: not held. */
  #heldTerm: number | undefined;
  #isTrying = false;
  #isOver = false;
  #triedMs = -Infinity;

  constructor(job: string, holder: LeaseHolder, options: LeaseOptions) {
    this.#job = job;
    this.#holder = holder;
    this.#options = options;
    this.#ticker = options.clock.every(RENEW_MS, () => void this.#try());
    void this.#try();
  }

  look(): void {
    if (this.#heldTerm === undefined) void this.#try();
  }

  /** As `release`, but the holder is told. */
  async giveUp(): Promise<void> {
    this.#lose();
    await this.release();
  }

  async release(): Promise<void> {
    const renewedMs = this.#renewedMs;
    this.#isOver = true;
    this.#heldTerm = undefined;
    this.#renewedMs = undefined;
    this.#ticker.cancel();
    this.#watchdog?.cancel();
    if (renewedMs !== undefined) await this.#unlock(renewedMs);
  }

  /** Only while the lock is surely our own: freeing it would free another one's as well. */
  async #unlock(renewedMs: number): Promise<void> {
    if (this.#isTrusted(renewedMs)) await this.#options.locks.unlock(this.#job).catch(() => {});
  }

  /** Timers of a process that was stopped run late: the clock decides, not whether the watchdog has fired. */
  #isHeld(term: number): boolean {
    const renewedMs = this.#renewedMs;
    return this.#heldTerm === term && renewedMs !== undefined && this.#isTrusted(renewedMs);
  }

  #isTrusted(renewedMs: number): boolean {
    return this.#options.clock.monotonicMs() - renewedMs < LEASE_TRUST_MS;
  }

  async #try(): Promise<void> {
    const { locks, hasMajority, clock } = this.#options;
    if (this.#isTrying || this.#isOver) return;
    if (!hasMajority()) return this.#resign();
    const startedMs = clock.monotonicMs();
    // A lock that is renewed twice within a second may end early.
    if (this.#renewedMs !== undefined && startedMs - this.#triedMs < 1000) return;
    this.#isTrying = true;
    this.#triedMs = startedMs;
    try {
      if (await locks.tryLock(this.#job, LEASE_MS)) await this.#taken(startedMs);
      else this.#lose();
    } catch {
      // The watchdog decides: the next renewal may still come in time.
    } finally {
      this.#isTrying = false;
    }
  }

  async #taken(startedMs: number): Promise<void> {
    if (this.#isOver) return this.#unlock(startedMs);
    this.#renewedMs = startedMs;
    if (this.#heldTerm !== undefined) return this.#watch(startedMs);
    const term = await this.#raiseTerm();
    if (this.#isOver) return this.#unlock(startedMs);
    if (term === undefined || !this.#isTrusted(startedMs)) return;
    this.#heldTerm = term;
    this.#watch(startedMs);
    this.#holder.gained({ term, isHeld: () => this.#isHeld(term) });
  }

  /** The next term; undefined when somebody else raised it meanwhile: then the lock is not ours any more. */
  async #raiseTerm(): Promise<number | undefined> {
    const { terms, seal, clock } = this.#options;
    const place = `term ${this.#job}`;
    const stored = await terms.get(this.#job);
    const plain = stored && seal.open(place, stored);
    const last = plain?.length === 8 ? Number(plain.readBigUInt64BE()) : 0;
    const term = Math.max(last + 1, Math.floor(clock.wallMs()));
    const next = Buffer.alloc(8);
    next.writeBigUInt64BE(BigInt(term));
    const isOurs = await terms.replace(this.#job, stored, seal.seal(place, next));
    return isOurs ? term : undefined;
  }

  #watch(startedMs: number): void {
    const { clock } = this.#options;
    this.#watchdog?.cancel();
    const leftMs = LEASE_TRUST_MS - (clock.monotonicMs() - startedMs);
    this.#watchdog = clock.after(Math.max(0, leftMs), () => this.#lose());
  }

  async #resign(): Promise<void> {
    const renewedMs = this.#renewedMs;
    this.#lose();
    if (renewedMs !== undefined) await this.#unlock(renewedMs);
  }

  #lose(): void {
    this.#watchdog?.cancel();
    this.#renewedMs = undefined;
    if (this.#heldTerm === undefined) return;
    this.#heldTerm = undefined;
    this.#holder.lost();
  }
}
