/**
 * The process that queries (xquery-child.ts), as xquery-runner.ts sees it: Node once more, with a bounded heap, without the
 * node's environment, and with Node's permission model: it reads the program and its packages, writes nothing and starts nothing.
 * It answers until it is ended, or ends by itself and says why. It keeps the node alive only from a job until it is
 * told to rest.
 */
import { type ChildProcess, fork } from "node:child_process";
import { createRequire } from "node:module";
import { Socket } from "node:net";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { XQueryAnswer, XQueryJob } from "./xquery-job.ts";

/** Memory of a query: the heap of the process. */
const HEAP_MEGABYTES_MAX = 256;
/** Stack in KiB, as large as that of a thread; the main thread of a process would have a quarter of it. */
const STACK_KIBIBYTES = 3_900;
/** What is kept of what the process writes to standard error: V8's last words. */
const REPORT_LENGTH_MAX = 16_000;

export interface QueryProcess {
  /** Hands a job over, one at a time; the node stays until `rest`. */
  send(job: XQueryJob): void;
  /** Nothing is to be waited for. */
  rest(): void;
  /** Ends it at once; nothing is heard of it afterwards. */
  end(): void;
}

export interface QueryProcessEvents {
  readonly onAnswer: (answer: XQueryAnswer) => void;
  /** The process is of no more use; `reason` goes on from "it", meaning the query. */
  readonly onEnded: (reason: string) => void;
}

export type StartQueryProcess = (events: QueryProcessEvents) => QueryProcess;

/** Starts a process. @throws Error when the system has none left. */
export const startQueryProcess: StartQueryProcess = (events) => new ForkedQueryProcess(events);

class ForkedQueryProcess implements QueryProcess {
  readonly #child: ChildProcess;
  readonly #events: QueryProcessEvents;
  #report = "";
  #isEnded = false;

  constructor(events: QueryProcessEvents) {
    this.#events = events;
    const own = import.meta.url;
    // In the published package the sources are JavaScript.
    const file = own.endsWith(".ts") ? "./xquery-child.ts" : "./xquery-child.js";
    this.#child = fork(fileURLToPath(new URL(file, own)), [], {
      execArgv: [...queryProcessFlags()],
      env: {},
      serialization: "advanced",
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    this.#child.on("message", (answer) => this.#onMessage(answer));
    this.#child.on("error", (error) => this.#onEnded(error.message));
    // Everything that it has written has come by then.
    this.#child.on("close", (status, signal) =>
      this.#onEnded(reasonOf(status, signal, this.#report)),
    );
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#report = (this.#report + text).slice(-REPORT_LENGTH_MAX);
    });
    this.#child.stderr?.on("error", (error) => this.#onEnded(error.message));
  }

  send(job: XQueryJob): void {
    this.#child.ref();
    this.#child.channel?.ref();
    this.#child.send(job, (error) => {
      // Its end is told by "close", with the reason.
      if (error && this.#child.connected) this.#onEnded(error.message);
    });
  }

  rest(): void {
    this.#child.unref();
    this.#child.channel?.unref();
    // A pipe is a socket, which the types of a child do not say.
    if (this.#child.stderr instanceof Socket) this.#child.stderr.unref();
  }

  end(): void {
    this.#isEnded = true;
    this.rest();
    this.#child.kill("SIGKILL");
  }

  #onMessage(message: unknown): void {
    if (this.#isEnded) return;
    if (isAnswer(message)) this.#events.onAnswer(message);
    else this.#onEnded("its process answered what is no answer");
  }

  #onEnded(reason: string): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#events.onEnded(reason);
  }
}

function isAnswer(message: unknown): message is XQueryAnswer {
  if (typeof message !== "object" || message === null || !("kind" in message)) return false;
  if (message.kind === "text") return "text" in message && typeof message.text === "string";
  return message.kind === "error" && "message" in message && typeof message.message === "string";
}

/** What Node is started with. */
export function queryProcessFlags(): readonly string[] {
  return [
    "--permission",
    // For the thread that ends the process with the node.
    "--allow-worker",
    ...readableFiles().map((path) => `--allow-fs-read=${path}`),
    `--max-old-space-size=${HEAP_MEGABYTES_MAX}`,
    "--max-semi-space-size=16",
    `--stack-size=${STACK_KIBIBYTES}`,
    "--no-warnings",
  ];
}

/** The program (src/ or dist/) and the packages beside it and around it: npm decides where they lie. */
function readableFiles(): readonly string[] {
  const program = fileURLToPath(new URL("../../", import.meta.url));
  const home = join(program, "..");
  const library = createRequire(import.meta.url).resolve("fontoxpath");
  const [around = home] = library.split(`${sep}node_modules${sep}`);
  const packages = new Set([home, around].map((folder) => join(folder, "node_modules", sep)));
  return [program, join(home, "package.json"), ...packages];
}

/**
 * Why a process ended by itself, as a sentence about its query.
 * @param report what it wrote to standard error.
 */
export function reasonOf(
  status: number | null,
  signal: NodeJS.Signals | null,
  report: string,
): string {
  if (/out of memory/i.test(report))
    return `it took too much memory: a query has ${HEAP_MEGABYTES_MAX} MB`;
  if (signal === "SIGKILL")
    return "its process was killed from outside, by the system if memory was short";
  const error = /^\w*Error\b.*$/m.exec(report)?.[0];
  return `its process ended (${signal ?? `status ${status}`})${error === undefined ? "" : `: ${error}`}`;
}
