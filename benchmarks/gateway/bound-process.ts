/**
 * A child process bound to one CPU with taskset, its output kept in a file, and its end: every process that
 * the benchmark starts goes through here, and is stopped by its own process id.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { readFamily } from "./process-usage.ts";

const START_MS_MAX = 20_000;
const STOP_MS_MAX = 3_000;

export interface BoundCommand {
  /** For messages. */
  readonly name: string;
  readonly cpu: number;
  readonly command: readonly string[];
  /** Takes standard output and standard error. */
  readonly logFile: string;
}

/** What is running, so that Ctrl-C finds it. */
export class BoundProcesses {
  readonly #running = new Set<BoundProcess>();

  start(command: BoundCommand): BoundProcess {
    const process = new BoundProcess(command, () => this.#running.delete(process));
    this.#running.add(process);
    return process;
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#running].map((process) => process.stop()));
  }
}

export class BoundProcess {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #logFile: string;
  readonly #ended: Promise<void>;

  constructor({ name, cpu, command, logFile }: BoundCommand, onEnd: () => void) {
    this.name = name;
    this.#logFile = logFile;
    const output = openSync(logFile, "w");
    this.#child = spawn("taskset", ["-c", String(cpu), ...command], {
      stdio: ["ignore", output, output],
    });
    closeSync(output);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#ended = promise;
    for (const event of ["exit", "error"] as const) this.#child.once(event, () => resolve());
    void promise.then(onEnd);
  }

  /** taskset becomes the command, so this is the command's own. @throws Error when it did not start. */
  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error(`${this.name} did not start: taskset is not here`);
    return pid;
  }

  get running(): boolean {
    const { pid, exitCode, signalCode } = this.#child;
    return pid !== undefined && exitCode === null && signalCode === null;
  }

  /** All that it has printed so far. */
  get output(): string {
    return readFileSync(this.#logFile, "utf8");
  }

  /** Resolves with its status when it ends. @throws Error when it does not within the time; it is stopped then. */
  async finish(secondsMax: number): Promise<number | null> {
    const timer = new AbortController();
    const late = await Promise.race([
      this.#ended.then(() => false),
      sleep(secondsMax * 1000, true, { signal: timer.signal }).catch(() => false),
    ]);
    timer.abort();
    if (!late) return this.#child.exitCode;
    await this.stop();
    throw new Error(`${this.name} did not end within ${secondsMax} s`);
  }

  /** Resolves when the port takes connections. @throws Error with the process's last words when it does not. */
  async listening(port: number): Promise<void> {
    const deadline = Date.now() + START_MS_MAX;
    while (this.running && Date.now() < deadline) {
      if (await canConnect(port)) return;
      await sleep(50);
    }
    const words = this.output.trim().slice(-2000);
    throw new Error(`${this.name} does not listen on port ${port}; it said: ${words || "nothing"}`);
  }

  /** Asks the process to end, then makes it and its descendants end. */
  async stop(): Promise<void> {
    if (!this.running || this.#child.pid === undefined) return;
    const family = readFamily(this.#child.pid);
    this.#child.kill("SIGTERM");
    const late = await Promise.race([
      this.#ended.then(() => false),
      sleep(STOP_MS_MAX, true, { ref: false }),
    ]);
    if (!late) return;
    for (const { pid } of family) killQuietly(pid);
    await this.#ended;
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself in the meantime.
  }
}

function canConnect(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(port, "127.0.0.1");
  socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
  return promise.finally(() => socket.destroy());
}
