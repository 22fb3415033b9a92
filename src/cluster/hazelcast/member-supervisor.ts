/**
 * Runs the Hazelcast member beside a node: starts it without a shell, starts it again with growing pauses when it ends, and
 * stops it with the node. It gets the least that it needs: a folder of its own, none of the node's secrets in its
 * environment, no input, no new privileges, and the kernel's promise to stop it when the node dies (both by util-linux's
 * setpriv, where that is installed).
 */
import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { createInterface } from "node:readline";
import type { Log } from "../../observability/log.ts";
import type { Clock, Timer } from "../../runtime/clock.ts";
import { replaceControlCharacters } from "../../runtime/control-characters.ts";
import type { Closable } from "../../runtime/lifecycle.ts";
import {
  MEMBER_BACKOFF_MS,
  MEMBER_BACKOFF_MS_MAX,
  MEMBER_STEADY_MS,
  MEMBER_STOP_MS_MAX,
} from "./hazelcast-timing.ts";

export interface SupervisorOptions {
  readonly words: readonly [string, ...string[]];
  /** Working folder of the member; exists. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  readonly clock: Clock;
}

/** Variables that a Java program may need; none of them is a secret. */
const VARIABLES = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "JAVA_HOME", "JAVA_OPTS", "TMPDIR"];
const SETPRIV = "/usr/bin/setpriv";
const LINE_LENGTH_MAX = 1000;

export class MemberSupervisor implements Closable {
  readonly #options: SupervisorOptions;
  #child: ChildProcess | undefined;
  #restart: Timer | undefined;
  #backoffMs = MEMBER_BACKOFF_MS;
  #startedMs = 0;
  #isClosing = false;
  #ended = Promise.withResolvers<void>();

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** The member's process id; undefined while it does not run. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): void {
    const { words, folder, environment, log, clock } = this.#options;
    const [program, ...rest] = confined(words);
    this.#startedMs = clock.monotonicMs();
    const child = spawn(program, rest, {
      cwd: folder,
      env: Object.fromEntries(VARIABLES.map((name) => [name, environment[name]])),
      stdio: ["ignore", "pipe", "pipe"],
      shell: false,
    });
    this.#child = child;
    this.#ended = Promise.withResolvers<void>();
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on("line", (line) =>
        log.debug(replaceControlCharacters(line, " ").slice(0, LINE_LENGTH_MAX)),
      );
    child.once("spawn", () => log.info(`the Hazelcast member runs with process id ${child.pid}`));
    child.once("error", (error) => this.#over(child, `cannot be started (${error.message})`));
    child.once("exit", (code, signal) =>
      this.#over(child, signal === null ? `ended with status ${code}` : `was ended by ${signal}`),
    );
  }

  /** Stops the member: asks it first, kills it after MEMBER_STOP_MS_MAX. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#restart?.cancel();
    const child = this.#child;
    if (!child) return;
    child.kill("SIGTERM");
    const timer = this.#options.clock.after(MEMBER_STOP_MS_MAX, () => child.kill("SIGKILL"));
    await this.#ended.promise;
    timer.cancel();
  }

  #over(child: ChildProcess, how: string): void {
    if (this.#child !== child) return;
    const { log, clock } = this.#options;
    this.#child = undefined;
    this.#ended.resolve();
    if (this.#isClosing) return;
    if (clock.monotonicMs() - this.#startedMs >= MEMBER_STEADY_MS)
      this.#backoffMs = MEMBER_BACKOFF_MS;
    const waitMs = this.#backoffMs;
    this.#backoffMs = Math.min(waitMs * 2, MEMBER_BACKOFF_MS_MAX);
    log.warn(
      `the Hazelcast member of this node ${how}; it is started again in ${waitMs / 1000} s (its own output is in the log at debug)`,
    );
    this.#restart = clock.after(waitMs, () => this.start());
  }
}

/** The same command, run by setpriv where there is one. */
function confined(words: readonly [string, ...string[]]): readonly [string, ...string[]] {
  try {
    accessSync(SETPRIV, constants.X_OK);
  } catch {
    return words;
  }
  return [SETPRIV, "--no-new-privs", "--pdeathsig", "TERM", "--", ...words];
}
