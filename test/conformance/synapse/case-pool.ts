/**
 * Runs cases in a few processes. A case that does not end in time, or that ends its process, costs that process and
 * nothing else: it is replaced, and the case counts as failed.
 */
import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import type { Case } from "./case-format.ts";

export interface PoolOptions {
  readonly folder: string;
  /** Processes at a time. */
  readonly processes: number;
  /** For one case, from its start to its clean end. */
  readonly timeoutMs: number;
  /** Called for each case when it is over; an empty list means that it passed. */
  readonly onResult: (item: Case, differences: readonly string[]) => void;
}

/** Resolves when every case has its result. */
export async function runCases(cases: readonly Case[], options: PoolOptions): Promise<void> {
  const waiting = [...cases];
  const workers = Array.from({ length: Math.min(options.processes, cases.length) }, async () => {
    const seat = new Seat(options);
    try {
      for (let item = waiting.shift(); item; item = waiting.shift())
        options.onResult(item, await seat.play(item));
    } finally {
      seat.stop();
    }
  });
  await Promise.all(workers);
}

/** One process at a time, started when a case needs it. */
class Seat {
  readonly #options: PoolOptions;
  #child: ChildProcess | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  async play(item: Case): Promise<readonly string[]> {
    const child = this.#child ?? (await this.#start());
    if (!child) return ["a process of the run ended at its start"];
    const { promise, resolve } = Promise.withResolvers<readonly string[]>();
    const { timeoutMs } = this.#options;
    const onMessage = (differences: readonly string[]): void => resolve(differences);
    const onExit = (code: number | null): void => {
      this.#child = undefined;
      resolve([`the worker's process ended (${code ?? "by a signal"})`]);
    };
    const timer = setTimeout(() => {
      this.stop();
      resolve([`no result within ${timeoutMs} ms`]);
    }, timeoutMs);
    child.once("message", onMessage).once("exit", onExit);
    child.send(item);
    const differences = await promise;
    clearTimeout(timer);
    child.off("message", onMessage).off("exit", onExit);
    return differences;
  }

  stop(): void {
    this.#child?.kill("SIGKILL");
    this.#child = undefined;
  }

  /** Undefined: it ended before it was ready. */
  async #start(): Promise<ChildProcess | undefined> {
    const child = fork(join(import.meta.dirname, "case-process.ts"), [this.#options.folder], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    const { promise, resolve } = Promise.withResolvers<boolean>();
    child.once("message", () => resolve(true));
    child.once("exit", () => resolve(false));
    const isReady = await promise;
    child.removeAllListeners("exit");
    this.#child = isReady ? child : undefined;
    return this.#child;
  }
}
