/**
 * One `git http-backend` (git-http-backend(1)), run as CGI. simple-git cannot do this: it gives a command its whole input at
 * once and hands out the whole output at the end, while packs must go through as streams. So this is the one place
 * that starts git with `spawn`: fixed arguments, the fixed environment of `git-process.ts`, a process group
 * of its own, which is killed as a whole when the client goes away or nothing moves any more.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { basename, dirname } from "node:path";
import { type Readable, Transform, pipeline } from "node:stream";
import { messageOf } from "../../errors/app-error.ts";
import type { Log } from "../../observability/log.ts";
import { replaceControlCharacters } from "../../runtime/control-characters.ts";
import type { Clock, Timer } from "../../runtime/clock.ts";
import { type ConfigPair, environmentOf } from "../git-process.ts";
import { type CgiHead, readCgiHead } from "./cgi-head.ts";
import type { RepositoryRequest } from "./repository-request.ts";

/** Neither a byte in nor one out for so long: the client is gone or stands still. */
const STILL_MS_MAX = 60_000;
/** No exchange takes longer. */
const TOTAL_MS_MAX = 10 * 60_000;
/** What git says on its standard error, as far as it is logged. */
const SAID_CHARACTERS_MAX = 1_000;

export interface BackendCall {
  /** Of the bare repository; absolute. */
  readonly gitDir: string;
  readonly request: RepositoryRequest;
  /** Of `protocolOf`. */
  readonly protocol: string;
  /** Who asks: git writes it nowhere but into a reflog, where there is one. */
  readonly user: string;
  readonly config: readonly ConfigPair[];
  /** A stream, or the descriptor of an open file; undefined: the request has no body. */
  readonly input: Readable | number | undefined;
}

export interface BackendAnswer extends CgiHead {
  /** Ends the process when it is destroyed. */
  readonly body: Readable;
  /** Resolves when the process is over, in whatever way. */
  readonly over: Promise<unknown>;
}

/**
 * Runs git; resolves with the head of its answer. @param signal ends it, whenever.
 * @throws Error whose message is for the log, when git gives no answer.
 */
export async function runBackend(
  call: BackendCall,
  {
    clock,
    log,
    signal,
  }: { readonly clock: Clock; readonly log: Log; readonly signal: AbortSignal },
): Promise<BackendAnswer> {
  const { gitDir, input } = call;
  const child = spawn("git", ["http-backend"], {
    cwd: "/",
    env: cgiEnvironment(call),
    detached: true,
    stdio: [typeof input === "number" ? input : "pipe", "pipe", "pipe"],
  });
  const watch = new StillWatch(child, clock, signal);
  const said = listen(child);
  const { stdout } = child;
  if (!stdout) throw new Error("git has no output");
  const over = once(child, "close").catch(() => {});
  feed(child, input, watch);
  try {
    const head = await readCgiHead(stdout);
    const body = watch.passing();
    pipeline(stdout, body, (error) => {
      watch.end();
      const words = said();
      if (words !== "") log.warn(`git http-backend in ${gitDir} says: ${words}`);
      if (error) log.debug(`git http-backend was ended: ${error.message}`);
    });
    return { ...head, body, over };
  } catch (error) {
    watch.end();
    await over;
    if (typeof input === "object" && input.errored) throw input.errored;
    const reason = watch.reason ?? messageOf(error);
    throw new Error(`git http-backend failed in ${gitDir}: ${reason} ${said()}`.trim(), {
      cause: error,
    });
  }
}

function feed(child: ChildProcess, input: BackendCall["input"], watch: StillWatch): void {
  const { stdin } = child;
  if (!stdin) return;
  if (input === undefined || typeof input === "number") {
    stdin.on("error", () => {});
    stdin.end();
    return;
  }
  // git may answer and go before it has read all; what is wrong with the input ends the process.
  pipeline(input, watch.passing(), stdin, (error) => {
    if (error && input.errored) watch.bite(error.message);
  });
}

/** Variables of CGI, beside those that every git here gets. */
function cgiEnvironment(call: BackendCall): Readonly<Record<string, string>> {
  const { gitDir, request, protocol, user, config, input } = call;
  const { service, step } = request;
  const isFirst = step === "advertise";
  return {
    ...environmentOf({ config }),
    GIT_PROJECT_ROOT: dirname(gitDir),
    GIT_HTTP_EXPORT_ALL: "1",
    GIT_PROTOCOL: protocol,
    PATH_INFO: `/${basename(gitDir)}/${isFirst ? "info/refs" : service}`,
    QUERY_STRING: isFirst ? `service=${service}` : "",
    REQUEST_METHOD: isFirst ? "GET" : "POST",
    CONTENT_TYPE: input === undefined ? "" : `application/x-${service}-request`,
    REMOTE_USER: user,
    REMOTE_ADDR: "127.0.0.1",
  };
}

/** Returns what the process has said on its standard error, in one line. */
function listen(child: ChildProcess): () => string {
  let text = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    if (text.length < SAID_CHARACTERS_MAX) text += chunk.toString("utf8");
  });
  child.on("error", (error) => {
    text += error.message;
  });
  return () => replaceControlCharacters(text.slice(0, SAID_CHARACTERS_MAX), " ").trim();
}

/** Kills the process group when nothing passes for long, when it takes too long, or when it is told to. */
class StillWatch {
  readonly #child: ChildProcess;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #total: Timer;
  readonly #onAbort = (): void => this.bite("the client has gone");
  #still: Timer;
  #isOver = false;
  #reason: string | undefined;

  constructor(child: ChildProcess, clock: Clock, signal: AbortSignal) {
    this.#child = child;
    this.#clock = clock;
    this.#signal = signal;
    this.#still = this.#afterStill();
    this.#total = clock.after(TOTAL_MS_MAX, () =>
      this.bite(`it did not end within ${TOTAL_MS_MAX / 60_000} minutes`),
    );
    signal.addEventListener("abort", this.#onAbort, { once: true });
    if (signal.aborted) this.#onAbort();
  }

  /** Why the process was killed; undefined: it was not. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** A stream whose bytes are signs of life. */
  passing(): Transform {
    return new Transform({
      transform: (chunk, _encoding, done) => {
        this.#still.cancel();
        if (!this.#isOver) this.#still = this.#afterStill();
        done(null, chunk);
      },
    });
  }

  /** Everything is over: what is left of the group goes. A number whose process has ended may be another's by now. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#still.cancel();
    this.#total.cancel();
    this.#signal.removeEventListener("abort", this.#onAbort);
    const { exitCode, signalCode } = this.#child;
    if (exitCode === null && signalCode === null) this.#kill();
  }

  bite(reason: string): void {
    this.#reason ??= reason;
    this.#kill();
    this.#child.stdout?.destroy(new Error(reason));
  }

  #afterStill(): Timer {
    return this.#clock.after(STILL_MS_MAX, () =>
      this.bite(`nothing has moved for ${STILL_MS_MAX / 1000} s`),
    );
  }

  #kill(): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      // The whole group: git http-backend starts others.
      process.kill(-pid, "SIGKILL");
    } catch {
      // There is nobody left in it.
    }
  }
}
