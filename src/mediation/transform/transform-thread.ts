/**
 * A thread that transforms, as xslt-lane.ts, which gives it work, sees it: it answers until it is ended, or
 * breaks. It keeps the process alive only from an order until it is told to rest.
 */
import { type ResourceLimits, Worker } from "node:worker_threads";

export interface ThreadEvents<Answer> {
  readonly onAnswer: (answer: Answer) => void;
  /** The thread is of no more use. */
  readonly onBroken: (error: Error) => void;
}

export class TransformThread<Order, Answer> {
  readonly #worker: Worker;
  #isEnded = false;

  /** @param file in this folder, "./x.ts". */
  constructor(file: string, limits: ResourceLimits, events: ThreadEvents<Answer>) {
    const own = import.meta.url;
    // In the published package the sources are JavaScript.
    const name = own.endsWith(".ts") ? file : file.replace(/\.ts$/, ".js");
    this.#worker = new Worker(new URL(name, own), { resourceLimits: limits });
    this.#worker.on("message", (answer: Answer) => {
      if (!this.#isEnded) events.onAnswer(answer);
    });
    const broken = (error: Error): void => {
      if (!this.#isEnded) events.onBroken(error);
    };
    this.#worker.on("error", broken);
    this.#worker.on("exit", () => broken(new Error("its thread ended")));
  }

  /** Hands work over; the process stays until `rest`. */
  send(order: Order): void {
    this.#worker.ref();
    // A thread has no origin: the rule means windows of browsers.
    // eslint-disable-next-line unicorn/require-post-message-target-origin
    this.#worker.postMessage(order);
  }

  /** Nothing is to be waited for. */
  rest(): void {
    this.#worker.unref();
  }

  /** Ends it at once; nothing is heard of it afterwards. */
  end(): void {
    this.#isEnded = true;
    void this.#worker.terminate();
  }
}
