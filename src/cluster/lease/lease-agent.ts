/**
 * Leases of one node: claims jobs from a majority of the grantors, renews what it holds, and grants to others. All
 * requests of a round go to a grantor in one message, so that a hundred jobs cost as many messages as one. The idea is
 * Gray and Cheriton's ("Leases", 1989) with a majority in place of the server; terms are the fencing tokens.
 */
import { AppError, messageOf } from "../../errors/app-error.ts";
import type { Log } from "../../observability/log.ts";
import type { Clock, Timer } from "../../runtime/clock.ts";
import type { Membership } from "../cluster.ts";
import type { LeaseClaim, LeaseHolder, RegisteredMembers } from "../lease.ts";
import type { PeerMessenger } from "../peer-messenger.ts";
import { settledWithin } from "../settled-within.ts";
import { ClaimedJob } from "./claimed-job.ts";
import { Electorate } from "./electorate.ts";
import { Grantor } from "./grantor.ts";
import type { LeaseAnswer, LeaseRequest } from "./lease-frames.ts";
import { LeaseLink } from "./lease-link.ts";
import { type LeaseDemand, type LeaseOutcome, LeaseRound } from "./lease-round.ts";
import { JOB_BYTES_MAX, JOBS_MAX, RENEW_MS, RETRY_MS, ROUND_MS } from "./lease-timing.ts";

/** Claims that are made together go into one round. */
const GATHER_MS = 5;
/** How long a release waits for its messages to leave. */
const RELEASE_MS_MAX = 300;

export interface LeaseAgentOptions {
  readonly membership: Membership;
  /** Of the same members. Closed by the provider, with its membership. */
  readonly messenger: PeerMessenger;
  readonly registered: RegisteredMembers;
  readonly clock: Clock;
  readonly log: Log;
  /** From 0 up to, not including, 1: spreads what members would otherwise do at the same moment. */
  readonly random: () => number;
}

export class LeaseAgent {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #random: () => number;
  readonly #electorate: Electorate;
  readonly #link: LeaseLink;
  readonly #jobs = new Map<string, ClaimedJob>();
  readonly #unsubscribe: () => void;
  #round: LeaseRound | undefined;
  #rounds = 0;
  #roundTimer: Timer | undefined;
  #wakeTimer: Timer | undefined;
  #wakeMs = Infinity;
  #closed = false;

  constructor(options: LeaseAgentOptions) {
    const { membership, registered, clock } = options;
    this.#clock = clock;
    this.#log = options.log;
    this.#random = options.random;
    this.#electorate = new Electorate(membership, registered);
    this.#link = new LeaseLink({
      ...options,
      selfId: membership.self.id,
      grantor: new Grantor(clock),
      onAnswers: (round, grantor, answers) => this.#takeAnswers(round, grantor, answers),
    });
    this.#unsubscribe = membership.on("left", ({ id }) => {
      if (this.#round) this.#takeAnswers(this.#round.number, id, undefined);
    });
  }

  /** @throws AppError CLUSTER_LIMIT for too many jobs or too long a name; INTERNAL for a second claim of a job. */
  claim(job: string, holder: LeaseHolder): LeaseClaim {
    this.#check(job);
    const claimed = new ClaimedJob(job, this.#guard(job, holder), this.#clock);
    this.#jobs.set(job, claimed);
    this.#wake(GATHER_MS);
    let releasing: Promise<void> | undefined;
    return { release: () => (releasing ??= this.#release([claimed])) };
  }

  /** Gives everything back, without a word to the holders, and grants nothing any more. */
  async close(): Promise<void> {
    if (this.#closed) return;
    const released = this.#release([...this.#jobs.values()]);
    this.#closed = true;
    this.#wakeTimer?.cancel();
    this.#roundTimer?.cancel();
    await released;
    this.#electorate.close();
    this.#link.close();
    this.#unsubscribe();
  }

  /** A holder that fails keeps nobody else from being told. */
  #guard(job: string, holder: LeaseHolder): LeaseHolder {
    const attempt = (call: () => void): void => {
      try {
        call();
      } catch (error) {
        const what = `The holder of the lease of the job "${job}" failed`;
        this.#log.error(`${what}: ${messageOf(error)}`, { error });
      }
    };
    return {
      gained: (grant) => attempt(() => holder.gained(grant)),
      lost: () => attempt(() => holder.lost()),
    };
  }

  #check(job: string): void {
    if (this.#jobs.has(job)) {
      throw new AppError("INTERNAL", `this node claims the job "${job}" twice`);
    }
    if (this.#jobs.size < JOBS_MAX && Buffer.byteLength(job) <= JOB_BYTES_MAX) return;
    throw new AppError(
      "CLUSTER_LIMIT",
      `the job "${job}" cannot be claimed: a node claims at most ${JOBS_MAX} jobs, with names of at most ${JOB_BYTES_MAX} bytes`,
    );
  }

  async #release(jobs: readonly ClaimedJob[]): Promise<void> {
    const requests = jobs
      .filter((claimed) => this.#jobs.get(claimed.job) === claimed)
      .flatMap((claimed) => {
        this.#jobs.delete(claimed.job);
        const term = claimed.end();
        return term === undefined ? [] : [releaseOf(claimed.job, term)];
      });
    if (requests.length === 0 || this.#closed) return;
    await settledWithin(this.#clock, RELEASE_MS_MAX, this.#send(requests));
  }

  #send(requests: readonly LeaseRequest[]): Promise<void> {
    const grantors = this.#electorate.grantors().map(({ id }) => id);
    return this.#link.ask((this.#rounds += 1), requests, grantors);
  }

  /** Sees to it that a round begins within so many milliseconds. */
  #wake(delayMs: number): void {
    const wakeMs = this.#clock.monotonicMs() + delayMs;
    if (this.#closed || this.#jobs.size === 0) return;
    if (this.#wakeTimer && this.#wakeMs <= wakeMs) return;
    this.#wakeTimer?.cancel();
    this.#wakeMs = wakeMs;
    this.#wakeTimer = this.#clock.after(delayMs, () => {
      this.#wakeTimer = undefined;
      // The end of a round that runs wakes again.
      if (!this.#round) this.#begin();
    });
  }

  #begin(): void {
    const grantors = this.#electorate.grantors().map(({ id }) => id);
    const hasMajority = grantors.length >= this.#electorate.majority;
    const demands: LeaseDemand[] = [];
    for (const claimed of this.#jobs.values()) {
      const request = hasMajority ? claimed.request() : undefined;
      if (request) demands.push({ claimed, request });
    }
    if (demands.length === 0) {
      this.#wake(RETRY_MS);
      return;
    }
    const sentMs = this.#clock.monotonicMs();
    const round = new LeaseRound((this.#rounds += 1), sentMs, demands, grantors);
    this.#round = round;
    this.#roundTimer = this.#clock.after(ROUND_MS, () => this.#end(round));
    const requests = demands.map(({ request }) => request);
    void this.#link.ask(round.number, requests, grantors);
  }

  #takeAnswers(number: number, grantor: string, answers: readonly LeaseAnswer[] | undefined): void {
    const round = this.#round;
    if (round?.number !== number || this.#closed) return;
    round.take(grantor, answers);
    for (const outcome of round.outcomes) {
      const { claimed, request } = outcome;
      const isOurs = this.#jobs.get(request.job) === claimed;
      if (isOurs && this.#isGranted(outcome)) claimed.hold(request.term, round.sentMs);
    }
    if (round.isOver) this.#end(round);
  }

  #end(round: LeaseRound): void {
    if (this.#round !== round) return;
    this.#round = undefined;
    this.#roundTimer?.cancel();
    const nowMs = this.#clock.monotonicMs();
    const refused = round.outcomes.filter((outcome) => !this.#isGranted(outcome));
    for (const { claimed, highestTerm } of refused) {
      claimed.refuse(highestTerm, nowMs + RETRY_MS * (1 + this.#random()));
    }
    // A grant without a majority would only keep others from having one.
    const given = refused.filter(({ request }) => request.kind === "claim");
    if (given.some(({ grants }) => grants > 0)) {
      void this.#send(given.map(({ request }) => releaseOf(request.job, request.term)));
    }
    const dueMs = [...this.#jobs.values()].map((claimed) => claimed.dueMs(round.sentMs + RENEW_MS));
    this.#wake(Math.max(0, Math.min(...dueMs) - nowMs));
  }

  #isGranted({ grants }: LeaseOutcome): boolean {
    return grants >= this.#electorate.majority;
  }
}

function releaseOf(job: string, term: number): LeaseRequest {
  return { kind: "release", job, term };
}
