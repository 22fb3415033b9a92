/**
 * XSLT 1.0 by libxslt in a thread of its own. The process has one such thread, started by the first transformation; it
 * keeps no process alive. A job that takes too long, a module that broke and a heap that grew end the thread, and
 * with it everything that it held; the jobs that still waited go to the next one.
 */
import { Worker } from "node:worker_threads";
import { MediationFault } from "../mediation-fault.ts";
import type { XsltAnswer, XsltJob } from "./xslt-job.ts";

/** Longest time of one transformation. */
export const XSLT_TIME_MAX_MS = 10_000;
/** Most transformations that wait at the same time. */
export const XSLT_WAITING_MAX = 1_000;
/** A thread whose heap is larger is ended after its job: WebAssembly never gives memory back. */
const HEAP_BYTES_MAX = 256 * 1024 * 1024;

interface Waiting {
  readonly job: XsltJob;
  readonly resolve: (answer: XsltAnswer) => void;
  readonly reject: (fault: MediationFault) => void;
}

export class XsltTransformer {
  readonly #timeMaxMs: number;
  #thread: Worker | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** The first one is with the thread. */
  readonly #waiting: Waiting[] = [];
  #nextId = 1;

  /** @param timeMaxMs longest time of one transformation. */
  constructor(timeMaxMs: number = XSLT_TIME_MAX_MS) {
    this.#timeMaxMs = timeMaxMs;
  }

  /**
   * Transforms one document.
   * @returns the result as the stylesheet's xsl:output wants it, and what libxslt reported.
   * @throws MediationFault when the stylesheet or the source is faulty, or it takes too long.
   */
  async transform(
    job: Omit<XsltJob, "id">,
  ): Promise<{ readonly text: string; readonly messages: string }> {
    if (this.#waiting.length >= XSLT_WAITING_MAX)
      throw new MediationFault(`More than ${XSLT_WAITING_MAX} transformations are waiting`);
    const answer = await new Promise<XsltAnswer>((resolve, reject) => {
      this.#waiting.push({ job: { ...job, id: this.#nextId }, resolve, reject });
      this.#nextId += 1;
      if (this.#waiting.length === 1) this.#next();
    });
    if (answer.text !== undefined) return { text: answer.text, messages: answer.messages };
    const detail = [answer.error ?? "", answer.messages.trim()]
      .filter((part) => part !== "")
      .join(": ");
    throw new MediationFault(`Unable to perform XSLT transformation: ${detail}`, { detail });
  }

  #next(): void {
    const [first] = this.#waiting;
    if (!first) {
      this.#thread?.unref();
      return;
    }
    this.#thread ??= this.#start();
    this.#thread.ref();
    this.#timer = setTimeout(
      () => this.#giveUp(`it took longer than ${this.#timeMaxMs} ms`),
      this.#timeMaxMs,
    );
    // A thread has no origin: the rule means windows of browsers.
    // eslint-disable-next-line unicorn/require-post-message-target-origin
    this.#thread.postMessage(first.job);
  }

  #start(): Worker {
    const own = import.meta.url;
    const file = new URL("./xslt-thread.ts", own);
    // In the published package the sources are JavaScript.
    if (!own.endsWith(".ts")) file.pathname = file.pathname.replace(/\.ts$/, ".js");
    const thread = new Worker(file, { resourceLimits: { maxOldGenerationSizeMb: 256 } });
    thread.on("message", (answer: XsltAnswer) => this.#take(answer));
    thread.on("error", (error) => {
      if (this.#thread === thread) this.#giveUp(error.message);
    });
    thread.on("exit", () => {
      if (this.#thread === thread) this.#giveUp("its thread ended");
    });
    return thread;
  }

  #take(answer: XsltAnswer): void {
    if (this.#waiting[0]?.job.id !== answer.id) return;
    clearTimeout(this.#timer);
    if (answer.broken || answer.heapBytes > HEAP_BYTES_MAX) this.#end();
    this.#waiting.shift()?.resolve(answer);
    this.#next();
  }

  /** The job that runs fails; the others go on in a new thread. */
  #giveUp(reason: string): void {
    clearTimeout(this.#timer);
    this.#end();
    const detail = `Unable to perform XSLT transformation: ${reason}`;
    this.#waiting.shift()?.reject(new MediationFault(detail));
    this.#next();
  }

  #end(): void {
    const thread = this.#thread;
    this.#thread = undefined;
    void thread?.terminate();
  }
}

/** The one of the process. */
export const XSLT_TRANSFORMER = new XsltTransformer();
