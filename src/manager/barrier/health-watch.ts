/**
 * Looks after a deploy: for the health window it asks all workers every second what became of the messages of the services
 * at stake, and says when these have got worse. One deploy at a time: the next one ends the watch of the one before.
 */
import type { Clock, Timer } from "../../runtime/clock.ts";
import type { Closable } from "../../runtime/lifecycle.ts";
import {
  type OutcomeCounts,
  type ServicesAtStake,
  sumOutcomes,
  verdictOf,
} from "./health-verdict.ts";
import type { LiveWorkers } from "./live-workers.ts";

const LOOK_EVERY_MS = 1_000;
/** A worker that does not answer by then is passed over. */
const ANSWER_MS_MAX = 2_000;

/** A deploy that is watched. */
export interface WatchedDeploy {
  /** Its number in the journal. */
  readonly deployment: number;
  readonly commit: string;
  /** Where the cluster goes back to. */
  readonly previous: string;
  readonly services: ServicesAtStake;
  /** From before the switch. */
  readonly before: Promise<OutcomeCounts>;
}

export interface HealthWatchOptions {
  readonly workers: LiveWorkers;
  readonly clock: Clock;
  /** 0: nothing is watched. */
  readonly windowMs: number;
  /** Called once a deploy at most. Must not throw. */
  readonly onWorse: (deploy: WatchedDeploy, reason: string) => void;
}

export class HealthWatch implements Closable {
  readonly #options: HealthWatchOptions;
  #timer: Timer | undefined;
  #watched: WatchedDeploy | undefined;

  constructor(options: HealthWatchOptions) {
    this.#options = options;
  }

  get isOn(): boolean {
    return this.#options.windowMs > 0;
  }

  /** What the workers count now, whatever they run. Never rejects. */
  counts(): Promise<OutcomeCounts> {
    return this.isOn ? this.#ask(undefined) : Promise.resolve(new Map());
  }

  begin(deploy: WatchedDeploy): void {
    this.end();
    const isNothing = deploy.services !== "all" && deploy.services.length === 0;
    if (!this.isOn || isNothing) return;
    this.#watched = deploy;
    const { clock, windowMs } = this.#options;
    this.#next(deploy, clock.monotonicMs() + windowMs);
  }

  end(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#watched = undefined;
  }

  close(): Promise<void> {
    this.end();
    return Promise.resolve();
  }

  #next(deploy: WatchedDeploy, untilMs: number): void {
    const { clock } = this.#options;
    if (clock.monotonicMs() + LOOK_EVERY_MS > untilMs) {
      this.end();
      return;
    }
    this.#timer = clock.after(LOOK_EVERY_MS, () => void this.#look(deploy, untilMs));
  }

  async #look(deploy: WatchedDeploy, untilMs: number): Promise<void> {
    const [before, after] = await Promise.all([deploy.before, this.#ask(deploy.commit)]);
    if (this.#watched !== deploy) return;
    const reason = verdictOf(before, after, deploy.services);
    if (reason === undefined) {
      this.#next(deploy, untilMs);
      return;
    }
    this.end();
    this.#options.onWorse(deploy, reason);
  }

  async #ask(revision: string | undefined): Promise<OutcomeCounts> {
    const { clock, workers } = this.#options;
    const abort = new AbortController();
    const late = Promise.withResolvers<undefined>();
    const timer = clock.after(ANSWER_MS_MAX, () => {
      abort.abort(new Error("no answer in time"));
      late.resolve(undefined);
    });
    const asked = workers
      .list()
      .map(({ stage }) =>
        Promise.race([stage.outcomes(abort.signal).catch(() => undefined), late.promise]),
      );
    const answers = await Promise.all(asked);
    timer.cancel();
    return sumOutcomes(
      answers.filter((answer) => answer !== undefined),
      revision,
    );
  }
}
