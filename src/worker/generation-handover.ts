/**
 * Hands what runs by itself from one generation to the next: the old one stops its jobs before the new one starts its own,
 * one switch after the other. Requests do not wait for it; they go to the new generation at once.
 */
import { messageOf } from "../errors/app-error.ts";
import type { Engine } from "../mediation/engine.ts";
import type { Log } from "../observability/log.ts";
import type { Closable } from "../runtime/lifecycle.ts";

type JobsOfGeneration = Pick<Engine, "activate" | "retire">;

export interface GenerationHandoverOptions {
  readonly log: Log;
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

  /** Stops the jobs; no others start. */
  close(): Promise<void> {
    this.#closed = true;
    return this.#next();
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
      await before?.retire();
      if (!next) return;
      await next.activate();
      this.#options.afterSwitch();
    } catch (error) {
      this.#options.log.error(`The jobs of a revision did not change over: ${messageOf(error)}`);
    }
  }
}
