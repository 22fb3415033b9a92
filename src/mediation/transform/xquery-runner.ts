/**
 * XQuery in a thread of its own, which ends with a query that takes too long or too much memory; what waited goes to the
 * next thread. The process has one, started by the first query; it keeps no process alive.
 */
import { MediationFault } from "../mediation-fault.ts";
import { TransformThread } from "./transform-thread.ts";
import type { XQueryAnswer, XQueryJob } from "./xquery-job.ts";

/** Longest time of one query. Other messages go on meanwhile, other queries wait. */
export const XQUERY_TIME_MAX_MS = 10_000;
/** Most queries that wait at the same time. */
export const XQUERY_WAITING_MAX = 200;
/** Memory of the thread's heap. */
const HEAP_MEGABYTES_MAX = 256;

interface Waiting {
  readonly job: XQueryJob;
  readonly resolve: (text: string) => void;
  readonly reject: (fault: MediationFault) => void;
}

export class XQueryRunner {
  readonly #timeMaxMs: number;
  #thread: TransformThread<XQueryJob, XQueryAnswer> | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** The first one is with the thread. */
  readonly #waiting: Waiting[] = [];

  /** @param timeMaxMs longest time of one query. Default: XQUERY_TIME_MAX_MS. */
  constructor(timeMaxMs: number = XQUERY_TIME_MAX_MS) {
    this.#timeMaxMs = timeMaxMs;
  }

  /**
   * Runs one query.
   * @returns its result as text, elements as XML.
   * @throws MediationFault when it is faulty, takes too long or too much memory, or too many others wait.
   */
  async run(job: XQueryJob): Promise<string> {
    if (this.#waiting.length >= XQUERY_WAITING_MAX)
      throw new MediationFault(`more than ${XQUERY_WAITING_MAX} queries are waiting`);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ job, resolve, reject });
      if (this.#waiting.length === 1) this.#next();
    });
  }

  #next(): void {
    const [first] = this.#waiting;
    if (!first) {
      this.#thread?.rest();
      return;
    }
    this.#thread ??= this.#start();
    const why = `it took longer than ${this.#timeMaxMs} ms`;
    this.#timer = setTimeout(() => this.#giveUp(why), this.#timeMaxMs);
    this.#thread.send(first.job);
  }

  #start(): TransformThread<XQueryJob, XQueryAnswer> {
    const limits = { maxOldGenerationSizeMb: HEAP_MEGABYTES_MAX, maxYoungGenerationSizeMb: 32 };
    return new TransformThread("./xquery-thread.ts", limits, {
      onAnswer: (answer) => this.#take(answer),
      onBroken: (error) => {
        const isMemory = "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY";
        this.#giveUp(isMemory ? `it needs more than ${HEAP_MEGABYTES_MAX} MB` : error.message);
      },
    });
  }

  #take(answer: XQueryAnswer): void {
    clearTimeout(this.#timer);
    const first = this.#waiting.shift();
    if (answer.kind === "text") first?.resolve(answer.text);
    else first?.reject(new MediationFault(answer.message));
    this.#next();
  }

  /** The query that runs fails; the others go on in a new thread. */
  #giveUp(reason: string): void {
    clearTimeout(this.#timer);
    this.#thread?.end();
    this.#thread = undefined;
    this.#waiting.shift()?.reject(new MediationFault(reason));
    this.#next();
  }
}

/** The one of the process. */
export const XQUERY_RUNNER = new XQueryRunner();
