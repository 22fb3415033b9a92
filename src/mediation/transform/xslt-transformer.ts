/**
 * XSLT 1.0 by libxslt in threads of its own (`xslt-lane.ts`). The process has one thread, started by the first
 * transformation, and further ones as long as jobs wait and a processor is left for them. What waits is
 * bounded in number, in bytes and in time: beyond it a message fails at once.
 */
import { availableParallelism } from "node:os";
import { type Clock, systemClock } from "../../runtime/clock.ts";
import { MediationFault } from "../mediation-fault.ts";
import type { StylesheetSource, XsltAnswer } from "./xslt-job.ts";
import { LANE_JOBS_MAX, XsltLane, type WaitingJob } from "./xslt-lane.ts";

/** Longest time of one transformation. */
export const XSLT_TIME_MAX_MS = 10_000;
/** Most transformations that wait at the same time, those with the threads not counted. */
export const XSLT_WAITING_MAX = 1_000;
/** Most bytes of the sources that wait. */
export const XSLT_WAITING_BYTES_MAX = 128 * 1024 * 1024;
/** Longest time that a transformation waits for its turn. */
export const XSLT_WAIT_MAX_MS = 10_000;
/** Most threads; one processor is left for the messages. */
const THREADS_MAX = 4;

export interface Transformation {
  readonly stylesheetId: string;
  readonly stylesheet: StylesheetSource;
  /** XML in UTF-8, in memory of its own. */
  readonly source: Uint8Array;
  /** Name and value in turn; values are XPath expressions. */
  readonly parameters: readonly string[];
}

interface TransformerOptions {
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Default: XSLT_TIME_MAX_MS. */
  readonly timeMaxMs?: number;
  /** Default: what the machine has but one, 4 at most. */
  readonly threadsMax?: number;
  /** Default: XSLT_WAITING_MAX. */
  readonly waitingMax?: number;
}

/** That too much is waiting already: a client may ask again later. */
export class TransformerBusy extends MediationFault {}

export class XsltTransformer {
  readonly #clock: Clock;
  readonly #timeMaxMs: number;
  readonly #threadsMax: number;
  readonly #waitingMax: number;
  readonly #lanes: XsltLane[] = [];
  #queue: WaitingJob[] = [];
  #queueBytes = 0;
  #isDue = false;

  constructor(options: TransformerOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#timeMaxMs = options.timeMaxMs ?? XSLT_TIME_MAX_MS;
    this.#waitingMax = options.waitingMax ?? XSLT_WAITING_MAX;
    this.#threadsMax =
      options.threadsMax ?? Math.min(THREADS_MAX, Math.max(1, availableParallelism() - 1));
  }

  /**
   * Transforms one document.
   * @returns what libxslt says, with the result's bytes; without them when the source is faulty and `isSourceFaulty`.
   * @throws TransformerBusy when too much waits; MediationFault when the stylesheet is faulty, or it takes too long.
   */
  async transform(job: Transformation): Promise<XsltAnswer> {
    const isFull =
      this.#queue.length >= this.#waitingMax || this.#queueBytes >= XSLT_WAITING_BYTES_MAX;
    if (isFull)
      throw new TransformerBusy(
        `Unable to perform XSLT transformation: ${this.#queue.length} others are waiting`,
      );
    const answer = await new Promise<XsltAnswer>((resolve, reject) => {
      this.#queue.push({ ...job, sinceMs: this.#clock.monotonicMs(), resolve, reject });
      this.#queueBytes += job.source.length;
      this.#schedule();
    });
    if (answer.bytes || answer.isSourceFaulty === true) return answer;
    throw faultOf(answer);
  }

  /** Jobs of one turn of the event loop go to their threads together. */
  #schedule(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      this.#distribute([]);
    });
  }

  #distribute(returned: readonly WaitingJob[]): void {
    if (returned.length > 0) this.#queue = [...returned, ...this.#queue];
    this.#dropLate();
    while (this.#queue.length > 0) {
      const lane = this.#freeLane();
      if (!lane) break;
      lane.take(this.#queue);
    }
    this.#queueBytes = this.#queue.reduce((sum, { source }) => sum + source.length, 0);
  }

  /** The oldest ones are first. */
  #dropLate(): void {
    const dueMs = this.#clock.monotonicMs() - XSLT_WAIT_MAX_MS;
    for (let [first] = this.#queue; first && first.sinceMs < dueMs; [first] = this.#queue) {
      this.#queue.shift();
      const why = `it waited longer than ${XSLT_WAIT_MAX_MS} ms`;
      first.reject(new TransformerBusy(`Unable to perform XSLT transformation: ${why}`));
    }
  }

  /** The one that has least to do; a new one rather than one that is half full. */
  #freeLane(): XsltLane | undefined {
    const [best] = this.#lanes.filter(({ isFree }) => isFree).toSorted((a, b) => a.load - b.load);
    const isIdle = best !== undefined && best.load < LANE_JOBS_MAX / 2;
    if (isIdle || this.#lanes.length >= this.#threadsMax) return best;
    const lane = new XsltLane({
      clock: this.#clock,
      timeMaxMs: this.#timeMaxMs,
      onFree: (unbegun) => this.#distribute(unbegun),
    });
    this.#lanes.push(lane);
    return lane;
  }
}

/** The fault that an answer without a result stands for. */
export function faultOf({ error, messages }: XsltAnswer): MediationFault {
  const detail = [error ?? "", messages.trim()].filter((part) => part !== "").join(": ");
  return new MediationFault(`Unable to perform XSLT transformation: ${detail}`, { detail });
}

/** The one of the process. */
export const XSLT_TRANSFORMER = new XsltTransformer();
