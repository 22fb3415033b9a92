/**
 * A worker that is to go, or to be left alone for a while: it says "draining", so that gateways give it no new sessions, and
 * keeps answering those that it has. The manager counts sessions and tells when they are over, by another order; the
 * deadline is kept here, so that it holds when the manager is gone. Then the node stays, stops or restarts.
 */
import type { AfterDrain, DrainAnswer, DrainOrder } from "./drain-order.ts";
import { AppError } from "../errors/app-error.ts";
import type { Log } from "../observability/log.ts";
import type { Clock, Timer } from "../runtime/clock.ts";

/** The end of the process, which the command line knows how to bring about. */
export interface NodeEnding {
  /** Why the node cannot end in that way, a sentence; undefined: it can. */
  refusal(how: "stop" | "restart"): string | undefined;
  /** Begins an orderly stop of the process. */
  end(how: "stop" | "restart"): void;
}

export interface NodeDrainingOptions {
  /** Undefined: the node can only drain. */
  readonly ending: NodeEnding | undefined;
  /** The member state is to be told anew. */
  readonly onChange: () => void;
  readonly log: Log;
  readonly clock: Clock;
}

interface Order {
  readonly untilMs: number;
  readonly timer: Timer;
}

const NO_ENDING = "this node can be drained, but not ended from here";

export class NodeDraining {
  readonly #options: NodeDrainingOptions;
  #order: Order | undefined;

  constructor(options: NodeDrainingOptions) {
    this.#options = options;
  }

  get isDraining(): boolean {
    return this.#order !== undefined;
  }

  /** Replaces an earlier order. @throws AppError REQUEST_INVALID when the node cannot end that way; nothing changes then. */
  drain({ deadlineMs, after }: DrainOrder): void {
    const { ending, log, clock, onChange } = this.#options;
    const refusal = after === "stay" ? undefined : ending ? ending.refusal(after) : NO_ENDING;
    if (refusal !== undefined)
      throw new AppError("REQUEST_INVALID", refusal, { side: "downstream" });
    const wasDraining = this.isDraining;
    this.#order?.timer.cancel();
    const timer = clock.after(deadlineMs, () => this.#end(after));
    this.#order = { untilMs: clock.monotonicMs() + deadlineMs, timer };
    const seconds = Math.round(deadlineMs / 1000);
    log.info(`Draining: no new sessions; in ${seconds} s at the latest this node ${WILL[after]}`);
    if (!wasDraining) onChange();
  }

  /** Takes part again. */
  resume(): void {
    if (!this.#order) return;
    this.close();
    this.#options.log.info("Resumed: new sessions are taken again");
    this.#options.onChange();
  }

  /** `state`: what the member is when it does not drain. */
  answer(state: "active" | "joining"): DrainAnswer {
    if (!this.#order) return { state };
    const leftMs = Math.round(this.#order.untilMs - this.#options.clock.monotonicMs());
    return { state: "draining", leftMs: Math.max(0, leftMs) };
  }

  /** Nothing ends by itself any more. */
  close(): void {
    this.#order?.timer.cancel();
    this.#order = undefined;
  }

  #end(after: AfterDrain): void {
    this.#options.log.info(`Drained: this node ${WILL[after]}`);
    if (after !== "stay") this.#options.ending?.end(after);
  }
}

const WILL: Readonly<Record<AfterDrain, string>> = {
  stay: "goes on without new sessions",
  stop: "stops",
  restart: "restarts",
};
