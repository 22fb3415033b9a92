/**
 * The trace of one exchange: every mediator that its messages come through, with what it did. `mediator.ts` hands each
 * mediator to `run` where an exchange has a trace. What WSO2 calls mediation tracing. Bounded in steps
 * and in characters; what no longer fits is counted.
 */
import type { Clock } from "../../runtime/clock.ts";
import { toMediationFault } from "../mediation-fault.ts";
import type { Mediator } from "../mediators/mediator.ts";
import type { Message } from "../message/message.ts";
import {
  changesBetween,
  type MessageSnapshot,
  type PropertyChange,
  snapshotOf,
} from "./trace-snapshot.ts";

/** Mediators of one exchange. */
export const STEPS_MAX = 500;
/** Characters of bodies and properties in one trace: bounds its memory to about 0.5 MB. */
const CHARS_MAX = 262_144;

/** One mediator at work; a mediator that contains others stands before them, one less deep. */
export interface TraceStep {
  readonly mediator: string;
  readonly depth: number;
  readonly direction: "request" | "response";
  /** Milliseconds since the trace began. */
  readonly startedMs: number;
  /** Undefined while it runs. */
  durationMs: number | undefined;
  /** "stopped": the flow ended here as the mediator wanted. */
  result: "running" | "continued" | "stopped" | "fault";
  fault: { readonly code: number; readonly message: string } | undefined;
  changes: readonly PropertyChange[];
  readonly bodyBefore: string;
  /** Undefined: as before. */
  bodyAfter: string | undefined;
}

export interface TraceHead {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly method: string;
  /** Without its query, which may hold secrets. */
  readonly path: string;
  /** The proxy service or API; undefined in the main sequence. */
  readonly service: string | undefined;
  /** The artifact that asked for it with trace="enable", or "header". */
  readonly askedBy: string;
}

export class MessageTrace {
  readonly head: TraceHead;
  readonly steps: TraceStep[] = [];
  /** Mediators that no longer fitted. */
  dropped = 0;
  readonly #clock: Clock;
  readonly #beganMs: number;
  #chars = 0;

  constructor(head: TraceHead, clock: Clock) {
    this.head = head;
    this.#clock = clock;
    this.#beganMs = clock.monotonicMs();
  }

  /** Runs a mediator and keeps what it did. Rejects with what the mediator throws. */
  async run(mediator: Mediator, message: Message): Promise<boolean> {
    if (this.steps.length >= STEPS_MAX) {
      this.dropped += 1;
      return mediator.mediate(message);
    }
    const before = await snapshotOf(message);
    const step = this.#begin(mediator, message, before);
    const startedMs = this.#clock.monotonicMs();
    try {
      const goesOn = await mediator.mediate(message);
      step.result = goesOn ? "continued" : "stopped";
      return goesOn;
    } catch (thrown) {
      const { faultCode, message: sentence } = toMediationFault(thrown);
      step.result = "fault";
      step.fault = { code: faultCode, message: this.#kept(sentence) };
      throw thrown;
    } finally {
      step.durationMs = rounded(this.#clock.monotonicMs() - startedMs);
      this.#end(step, before, await snapshotOf(message));
    }
  }

  #begin(mediator: Mediator, message: Message, before: MessageSnapshot): TraceStep {
    const step: TraceStep = {
      mediator: mediator.kind,
      depth: message.positions.length - 1,
      direction: message.direction,
      startedMs: rounded(this.#clock.monotonicMs() - this.#beganMs),
      durationMs: undefined,
      result: "running",
      fault: undefined,
      changes: [],
      bodyBefore: this.#kept(before.body),
      bodyAfter: undefined,
    };
    this.steps.push(step);
    return step;
  }

  #end(step: TraceStep, before: MessageSnapshot, after: MessageSnapshot): void {
    step.changes = changesBetween(before, after).map((change) => ({
      ...change,
      before: change.before && this.#kept(change.before),
      after: change.after && this.#kept(change.after),
    }));
    if (after.body !== before.body) step.bodyAfter = this.#kept(after.body);
  }

  /** The text, or a word for it when the trace is full. */
  #kept(text: string): string {
    if (this.#chars + text.length > CHARS_MAX) return "(the trace is full)";
    this.#chars += text.length;
    return text;
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
