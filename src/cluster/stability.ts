/**
 * When a node may open its service ports: once as many other members are there as happn's `minimumPeers` says, so that the
 * first node of a cluster that starts does not get the traffic of all. After `stabiliseTimeout` it opens them all the
 * same and is degraded until the members are there, or ends where `strict` is set. Used by workers, managers and gateways.
 */
import type { StabilityConfig } from "../config/node-config.ts";
import { AppError } from "../errors/app-error.ts";
import type { Log } from "../observability/log.ts";
import type { Clock, Timer } from "../runtime/clock.ts";
import type { Closable } from "../runtime/lifecycle.ts";
import type { Membership } from "./cluster.ts";

/** What GET /health/ready tells. */
export interface Readiness {
  /** What the node waits for, in words; empty: nothing. */
  readonly missing: readonly string[];
  /** The node serves although something is missing. */
  readonly degraded: boolean;
}

/** Of a node that waits for nothing. */
export const READY: Readiness = { missing: [], degraded: false };

export interface StabilityOptions {
  readonly membership: Pick<Membership, "self" | "members" | "on">;
  readonly config: StabilityConfig;
  readonly clock: Clock;
  readonly log: Log;
}

export class Stability implements Closable {
  readonly #options: StabilityOptions;
  readonly #opened = Promise.withResolvers<boolean>();
  readonly #timers: Timer[] = [];
  readonly #ends: (() => void)[] = [];
  readonly #startedMs: number;
  #state: "waiting" | "stable" | "degraded" | "ended" = "waiting";

  constructor(options: StabilityOptions) {
    const { membership, config, clock } = options;
    this.#options = options;
    this.#startedMs = clock.monotonicMs();
    this.#check();
    if (this.#state === "stable") return;
    const { stabiliseTimeoutMs, stableReportIntervalMs } = config;
    for (const event of ["joined", "left", "updated"] as const) {
      this.#ends.push(membership.on(event, () => this.#check()));
    }
    this.#timers.push(clock.every(stableReportIntervalMs, () => this.#report()));
    if (stabiliseTimeoutMs > 0) {
      this.#timers.push(clock.after(stabiliseTimeoutMs, () => this.#onTimeout()));
    }
    this.#report();
  }

  get readiness(): Readiness {
    const isMissing = this.#state === "waiting" || this.#state === "degraded";
    const missing = isMissing ? [this.#missingPeers()] : [];
    return { missing, degraded: this.#state === "degraded" };
  }

  /**
   * Resolves with true when the service ports may open, with false when the node was closed first.
   * @throws AppError CLUSTER_UNSTABLE (as a rejection) at the time-out where `strict` is set.
   */
  untilOpen(): Promise<boolean> {
    return this.#opened.promise;
  }

  close(): Promise<void> {
    this.#end("ended");
    this.#opened.resolve(false);
    return Promise.resolve();
  }

  #check(): void {
    const { config, log } = this.#options;
    if (this.#state !== "waiting" && this.#state !== "degraded") return;
    if (this.#peerCount() < config.minimumPeers) return;
    if (config.minimumPeers > 0) log.info(`Stable: ${this.#peerCount()} peers are there`);
    this.#end("stable");
    this.#opened.resolve(true);
  }

  #onTimeout(): void {
    const { config, log } = this.#options;
    const sentence = `not stable after ${config.stabiliseTimeoutMs} ms (stabiliseTimeout): ${this.#missingPeers()} missing`;
    if (config.strict) {
      this.#end("ended");
      const message = `${sentence}; stabiliseStrict is set, so the node ends`;
      this.#opened.reject(new AppError("CLUSTER_UNSTABLE", message));
      return;
    }
    log.warn(`${sentence}; the node serves what it has and is degraded`);
    this.#state = "degraded";
    this.#opened.resolve(true);
  }

  #report(): void {
    const waitedMs = this.#options.clock.monotonicMs() - this.#startedMs;
    const waited = `${Math.round(waitedMs / 1000)} s`;
    const what = this.#state === "degraded" ? "Degraded" : "Waiting to become stable";
    this.#options.log.info(`${what}: ${this.#missingPeers()} missing for ${waited}`);
  }

  #peerCount(): number {
    const { self, members } = this.#view();
    return members.filter(
      ({ id, state }) => id !== self.id && (state === "active" || state === "joining"),
    ).length;
  }

  #view() {
    const { membership } = this.#options;
    return { self: membership.self, members: membership.members() };
  }

  #missingPeers(): string {
    const { minimumPeers } = this.#options.config;
    return `${minimumPeers - this.#peerCount()} of ${minimumPeers} peers`;
  }

  #end(state: "stable" | "ended"): void {
    this.#state = state;
    for (const timer of this.#timers) timer.cancel();
    for (const end of this.#ends) end();
  }
}
