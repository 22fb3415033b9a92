/**
 * The steps of a deploy, each with the time it took, for the journal; and the hook by which tests stop a manager between two of
 * them. The point of no return is inside "live".
 */
import type { Clock } from "../../runtime/clock.ts";
import type { DeploymentPhase } from "../store/journal.ts";

/** In their order; "abandon" takes the place of what comes after "stage" when a worker refuses. */
export const DEPLOY_PHASES = [
  "journal",
  "propose",
  "stage",
  "live",
  "switch",
  "settle",
  "abandon",
] as const;
export type DeployPhase = (typeof DEPLOY_PHASES)[number];
export type DeployStep = `${"before" | "after"} ${DeployPhase}`;

/** Called before and after each step; what it returns is waited for. */
export type StepHook = (step: DeployStep) => void | Promise<void>;

export class DeploySteps {
  readonly #clock: Clock;
  readonly #onStep: StepHook | undefined;
  readonly #phases: DeploymentPhase[] = [];

  constructor(clock: Clock, onStep: StepHook | undefined) {
    this.#clock = clock;
    this.#onStep = onStep;
  }

  /** What has been done so far. */
  get phases(): readonly DeploymentPhase[] {
    return this.#phases;
  }

  async run<Result>(phase: DeployPhase, work: () => Promise<Result>): Promise<Result> {
    if (this.#onStep) await this.#onStep(`before ${phase}`);
    const startedMs = this.#clock.monotonicMs();
    try {
      return await work();
    } finally {
      const ms = Math.round((this.#clock.monotonicMs() - startedMs) * 10) / 10;
      this.#phases.push({ phase, ms });
      if (this.#onStep) await this.#onStep(`after ${phase}`);
    }
  }
}
