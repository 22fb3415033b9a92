/** A process of the product under test: its lines are kept, and a test can wait for one of them. */
import { type ChildProcess, spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const PRODUCT_ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export class NodeProcess {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #waiting = new Set<() => void>();
  /** Resolves with the exit status, or the signal's name. */
  readonly ended: Promise<number | string>;
  #isOver = false;

  /** Runs `bin/bascule` with the arguments, as a user's shell would. */
  constructor(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    this.#child = spawn(join(PRODUCT_ROOT, "bin", "bascule"), args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, NO_COLOR: "1", ...environment },
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) this.#collect(stream);
    const { promise, resolve } = Promise.withResolvers<number | string>();
    this.#child.once("close", (code, signal) => {
      this.#isOver = true;
      resolve(signal ?? code ?? 0);
      for (const check of this.#waiting) check();
    });
    this.ended = promise;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** All that was printed so far. */
  get text(): string {
    return this.#lines.join("\n");
  }

  countOf(pattern: RegExp): number {
    return this.#lines.filter((line) => pattern.test(line)).length;
  }

  /** Resolves with the first line that matches, also one that was printed before. Rejects after `msMax` or when the process ends. */
  line(pattern: RegExp, msMax = 15_000): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const fail = (why: string): void => {
      done();
      reject(new Error(`no line ${pattern} (${why}); printed so far:\n${this.text}`));
    };
    const timer = setTimeout(() => fail(`after ${msMax} ms`), msMax);
    const done = (): void => {
      clearTimeout(timer);
      this.#waiting.delete(check);
    };
    const check = (): void => {
      const found = this.#lines.find((line) => pattern.test(line));
      if (found !== undefined) {
        done();
        resolve(found);
      } else if (this.#isOver) fail("the process has ended");
    };
    this.#waiting.add(check);
    check();
    return promise;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Orderly stop; SIGKILL when it takes longer than 20 s. */
  async stop(): Promise<number | string> {
    this.#child.kill("SIGTERM");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), 20_000);
    const how = await this.ended;
    clearTimeout(timer);
    return how;
  }

  #collect(stream: NodeJS.ReadableStream | null): void {
    let rest = "";
    stream?.setEncoding("utf8").on("data", (text: string) => {
      const parts = (rest + text).split("\n");
      rest = parts.pop() ?? "";
      this.#lines.push(...parts);
      for (const check of this.#waiting) check();
    });
  }
}

/** Runs a command to its end. */
export async function runBascule(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number | string; readonly text: string }> {
  const node = new NodeProcess(args, environment);
  const status = await node.ended;
  return { status, text: node.text };
}
