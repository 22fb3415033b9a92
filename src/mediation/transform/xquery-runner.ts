/**
 * XQuery in a process of its own (xquery-process.ts), which ends with a query that takes too long or too much memory; what
 * waited goes to the next process. The node has one, started by the first query and kept; it keeps no node alive.
 */
import { messageOf } from "../../errors/app-error.ts";
import { type Clock, systemClock, type Timer } from "../../runtime/clock.ts";
import { MediationFault } from "../mediation-fault.ts";
import { lengthOf, type XQueryAnswer, type XQueryJob } from "./xquery-job.ts";
import { type QueryProcess, startQueryProcess, type StartQueryProcess } from "./xquery-process.ts";

/** Longest time of one query. Other messages go on meanwhile, other queries wait. */
export const XQUERY_TIME_MAX_MS = 10_000;
/** Most queries that wait at the same time. */
export const XQUERY_WAITING_MAX = 200;
/** Most characters of what waits, beyond which no further query joins. */
export const XQUERY_WAITING_LENGTH_MAX = 128 * 1024 * 1024;

interface RunnerOptions {
  /** Longest time of one query. Default: XQUERY_TIME_MAX_MS. */
  readonly timeMaxMs?: number;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Default: startQueryProcess. */
  readonly start?: StartQueryProcess;
}

interface Waiting {
  readonly job: XQueryJob;
  readonly length: number;
  readonly resolve: (text: string) => void;
  readonly reject: (fault: MediationFault) => void;
}

export class XQueryRunner {
  readonly #timeMaxMs: number;
  readonly #clock: Clock;
  readonly #start: StartQueryProcess;
  #process: QueryProcess | undefined;
  #timer: Timer | undefined;
  /** The first one is with the process. */
  readonly #waiting: Waiting[] = [];
  #length = 0;

  constructor(options: RunnerOptions = {}) {
    this.#timeMaxMs = options.timeMaxMs ?? XQUERY_TIME_MAX_MS;
    this.#clock = options.clock ?? systemClock;
    this.#start = options.start ?? startQueryProcess;
  }

  /**
   * Runs one query.
   * @returns its result as text, elements as XML.
   * @throws MediationFault when it is faulty, takes too long or too much memory, or too many others wait.
   */
  async run(job: XQueryJob): Promise<string> {
    if (this.#waiting.length >= XQUERY_WAITING_MAX)
      throw new MediationFault(`more than ${XQUERY_WAITING_MAX} queries are waiting`);
    if (this.#length >= XQUERY_WAITING_LENGTH_MAX)
      throw new MediationFault(
        `queries with more than ${XQUERY_WAITING_LENGTH_MAX} characters are waiting`,
      );
    return new Promise((resolve, reject) => {
      const length = lengthOf(job);
      this.#length += length;
      this.#waiting.push({ job, length, resolve, reject });
      if (this.#waiting.length === 1) this.#next();
    });
  }

  #next(): void {
    const [first] = this.#waiting;
    if (!first) {
      this.#process?.rest();
      return;
    }
    try {
      this.#process ??= this.#started();
    } catch (error) {
      this.#giveUp(`no process for it can be started: ${messageOf(error)}`);
      return;
    }
    const why = `it took longer than ${this.#timeMaxMs} ms`;
    this.#timer = this.#clock.after(this.#timeMaxMs, () => this.#giveUp(why));
    this.#process.send(first.job);
  }

  #started(): QueryProcess {
    return this.#start({
      onAnswer: (answer) => this.#take(answer),
      onEnded: (reason) => this.#giveUp(reason),
    });
  }

  #take(answer: XQueryAnswer): void {
    this.#timer?.cancel();
    const first = this.#taken();
    if (answer.kind === "text") first?.resolve(answer.text);
    else first?.reject(new MediationFault(answer.message));
    this.#next();
  }

  /** The query that runs fails, if there is one; the others go on in a new process. */
  #giveUp(reason: string): void {
    this.#timer?.cancel();
    this.#process?.end();
    this.#process = undefined;
    this.#taken()?.reject(new MediationFault(reason));
    this.#next();
  }

  #taken(): Waiting | undefined {
    const first = this.#waiting.shift();
    this.#length -= first?.length ?? 0;
    return first;
  }
}

/** The one of the node. */
export const XQUERY_RUNNER = new XQueryRunner();
