/**
 * One transforming thread as `xslt-transformer.ts` sees it: takes a few jobs at a time, in order. A job that takes too long,
 * a module that broke and a heap that grew end the thread, and with it everything that it held; the jobs that
 * had not begun are given back. It keeps no process alive.
 */
import type { Clock, Timer } from "../../runtime/clock.ts";
import { MediationFault } from "../mediation-fault.ts";
import { TransformThread } from "./transform-thread.ts";
import type { StylesheetSource, XsltAnswer, XsltJob, XsltOrder } from "./xslt-job.ts";

/** Stylesheets that a thread keeps compiled. */
export const STYLESHEETS_MAX = 64;
/** Jobs that are with a thread: enough that it never waits for the next one. */
export const LANE_JOBS_MAX = 8;
/** Bytes of their sources beyond which no further job joins them. */
const LANE_BYTES_MAX = 256 * 1024;
/** JavaScript's own; what libxslt takes is not in it. */
const SCRIPT_HEAP = { maxOldGenerationSizeMb: 256 };
/** A thread whose heap is larger is ended after its job: WebAssembly never gives memory back. */
const HEAP_BYTES_MAX = 256 * 1024 * 1024;

export interface WaitingJob {
  readonly stylesheetId: string;
  readonly stylesheet: StylesheetSource;
  readonly source: Uint8Array;
  readonly parameters: readonly string[];
  /** When it began to wait, monotonic. */
  readonly sinceMs: number;
  readonly resolve: (answer: XsltAnswer) => void;
  readonly reject: (fault: MediationFault) => void;
}

interface LaneOptions {
  readonly clock: Clock;
  /** Longest time of one transformation. */
  readonly timeMaxMs: number;
  /** Asks for more jobs; `unbegun` go back to the head of the queue. */
  readonly onFree: (unbegun: readonly WaitingJob[]) => void;
}

export class XsltLane {
  readonly #options: LaneOptions;
  #thread: TransformThread<XsltOrder, readonly XsltAnswer[]> | undefined;
  #timer: Timer | undefined;
  /** With the thread, by their ids in order; the first one is running. */
  readonly #sent = new Map<number, WaitingJob>();
  readonly #known = new Set<string>();
  #bytes = 0;
  #nextId = 1;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** Jobs that are with the thread. */
  get load(): number {
    return this.#sent.size;
  }

  /** Whether another job fits. */
  get isFree(): boolean {
    return this.#sent.size < LANE_JOBS_MAX && (this.#bytes < LANE_BYTES_MAX || this.load === 0);
  }

  /** Takes jobs from the head of the queue, as many as fit. */
  take(queue: WaitingJob[]): void {
    const jobs: XsltJob[] = [];
    const forget = this.#known.size >= STYLESHEETS_MAX;
    if (forget) this.#known.clear();
    while (this.isFree) {
      const job = queue.shift();
      if (!job) break;
      jobs.push(this.#numbered(job));
    }
    if (jobs.length === 0) return;
    this.#thread ??= new TransformThread("./xslt-thread.ts", SCRIPT_HEAP, {
      onAnswer: (answers) => this.#receive(answers),
      onBroken: (error) => this.#giveUp(error.message),
    });
    if (this.#sent.size === jobs.length) this.#startTimer();
    this.#thread.send({ jobs, forget });
  }

  #numbered(job: WaitingJob): XsltJob {
    const id = this.#nextId;
    this.#nextId += 1;
    this.#sent.set(id, job);
    this.#bytes += job.source.length;
    const { stylesheetId, source, parameters } = job;
    const stylesheet = this.#known.has(stylesheetId) ? undefined : job.stylesheet;
    this.#known.add(stylesheetId);
    return { id, stylesheetId, stylesheet, source, parameters };
  }

  #startTimer(): void {
    const { clock, timeMaxMs } = this.#options;
    this.#timer?.cancel();
    const why = `it took longer than ${timeMaxMs} ms`;
    this.#timer = clock.after(timeMaxMs, () => this.#giveUp(why));
  }

  #receive(answers: readonly XsltAnswer[]): void {
    for (const answer of answers) {
      this.#removed(answer.id)?.resolve(answer);
      if (answer.broken || answer.heapBytes > HEAP_BYTES_MAX) {
        this.#end();
        return;
      }
    }
    if (this.#sent.size > 0) this.#startTimer();
    else {
      this.#timer?.cancel();
      this.#thread?.rest();
    }
    this.#options.onFree([]);
  }

  #removed(id: number): WaitingJob | undefined {
    const job = this.#sent.get(id);
    this.#sent.delete(id);
    if (job) this.#bytes -= job.source.length;
    return job;
  }

  /** The job that runs fails. */
  #giveUp(reason: string): void {
    const [running] = this.#sent.keys();
    const detail = `Unable to perform XSLT transformation: ${reason}`;
    if (running !== undefined) this.#removed(running)?.reject(new MediationFault(detail));
    this.#end();
  }

  #end(): void {
    this.#timer?.cancel();
    this.#thread?.end();
    this.#thread = undefined;
    const unbegun = [...this.#sent.values()];
    this.#sent.clear();
    this.#known.clear();
    this.#bytes = 0;
    this.#options.onFree(unbegun);
  }
}
