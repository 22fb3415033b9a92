/**
 * Hands what runs by itself from one generation to the next: the old one stops its jobs before the new one starts its own,
 * one switch after the other. Requests do not wait for it; they go to the new generation at once. A job that does not end
 * soon, because a back end hangs, keeps no other waiting than the job of its own name (jobs/generation-jobs.ts).
 */
import { messageOf } from "../errors/app-error.ts";
import type { Engine } from "../mediation/engine.ts";
import type { Log } from "../observability/log.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Closable } from "../runtime/lifecycle.ts";

/** The jobs of the next generation begin after this time at the latest. Longer delays deploys while a back end hangs. */
export const HANDOVER_MS = 2_000;

type JobsOfGeneration = Pick<Engine, "activate" | "retire">;

export interface GenerationHandoverOptions {
  readonly log: Log;
  readonly clock: Clock;
  /** Called after each activation: what no generation wants any more may go. */
  readonly afterSwitch: () => void;
}

export class GenerationHandover implements Closable {
  readonly #options: GenerationHandoverOptions;
  /** Whose jobs run. */
  #active: JobsOfGeneration | undefined;
  #wanted: JobsOfGeneration | undefined;
  #begun = false;
  #closed = false;
  #work: Promise<void> = Promise.resolve();
  /** Generations that still end what they began. */
  readonly #ending = new Set<Promise<void>>();

  constructor(options: GenerationHandoverOptions) {
    this.#options = options;
  }

  /** The generation is the current one now. Its jobs start when the node has begun and the last one's are over. */
  switchTo(engine: JobsOfGeneration): void {
    this.#wanted = engine;
    if (this.#begun) void this.#next();
  }

  /** The node listens: jobs may start. Resolves when those of the current generation have. */
  begin(): Promise<void> {
    this.#begun = true;
    return this.#next();
  }

  /** Stops the jobs; no others start. Resolves when all are over. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#next();
    await Promise.all(this.#ending);
  }

  #next(): Promise<void> {
    this.#work = this.#work.then(() => this.#step());
    return this.#work;
  }

  async #step(): Promise<void> {
    const next = this.#closed ? undefined : this.#wanted;
    if (next === this.#active) return;
    const before = this.#active;
    this.#active = next;
    try {
      if (before) await this.#retire(before);
      if (!next) return;
      await next.activate();
      this.#options.afterSwitch();
    } catch (error) {
      this.#options.log.error(`The jobs of a revision did not change over: ${messageOf(error)}`);
    }
  }

  /** Resolves when the jobs are over, or after HANDOVER_MS. */
  async #retire(generation: JobsOfGeneration): Promise<void> {
    const { clock, log } = this.#options;
    const ending = generation
      .retire()
      .catch((error: unknown) =>
        log.error(`The jobs of a revision did not end in order: ${messageOf(error)}`),
      );
    this.#ending.add(ending);
    void ending.then(() => this.#ending.delete(ending));
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = clock.after(HANDOVER_MS, () => {
      log.info("Jobs of the last revision still end what they began; the others change over");
      resolve();
    });
    await Promise.race([ending, late]);
    timer.cancel();
  }
}
