/**
 * The state machine of one endpoint (EndpointContext): ACTIVE, TIMEOUT after a failure that may be passing, SUSPENDED
 * after others, OFF by hand. A failure of a message that was on its way when the endpoint was suspended does not
 * prolong the suspension. The log lines are WSO2's.
 */
import type { Log } from "../../observability/log.ts";
import type { Clock } from "../../runtime/clock.ts";
import { FAULT_CODES } from "../mediation-fault.ts";
import { formatJavaDate } from "../message/java-date.ts";

export type EndpointState = "ACTIVE" | "TIMEOUT" | "SUSPENDED";

/** `markForSuspension` and `suspendOnFailure` of an endpoint. */
export interface SuspensionRules {
  /** Failures that make it TIMEOUT. Empty: time-out (101504) and closed connection (101505). */
  readonly timeoutCodes: readonly number[];
  /** How often it may be TIMEOUT before it is SUSPENDED. */
  readonly retriesBeforeSuspension: number;
  readonly retryDelayMs: number;
  /** Failures that make it SUSPENDED. Empty: every other one. */
  readonly suspendCodes: readonly number[];
  /** The first suspension. Negative: 30 s. 0: the next message tries again. */
  readonly initialDurationMs: number;
  /** Each suspension is that many times as long as the one before. */
  readonly progressionFactor: number;
  readonly maximumDurationMs: number;
}

/** What an endpoint without any of the elements does. */
export const DEFAULT_SUSPENSION: SuspensionRules = {
  timeoutCodes: [],
  retriesBeforeSuspension: 0,
  retryDelayMs: 0,
  suspendCodes: [],
  initialDurationMs: -1,
  progressionFactor: 1,
  maximumDurationMs: Number.MAX_SAFE_INTEGER,
};

/** Stays active whatever happens: no failure has this code. */
export const NO_SUSPENSION: SuspensionRules = {
  ...DEFAULT_SUSPENSION,
  timeoutCodes: [-1],
  suspendCodes: [-1],
};

const DEFAULT_DURATION_MS = 30_000;
const DEFAULT_TIMEOUT_CODES: readonly number[] = [
  FAULT_CODES.timedOut,
  FAULT_CODES.connectionClosed,
];
/** java.util.Date.toString. */
const DATE_PATTERN = "EEE MMM dd HH:mm:ss z yyyy";

/** Whose state it is, for its log lines, and the time. */
export interface HealthSubject {
  /** Name and address. */
  readonly label: string;
  readonly rules: SuspensionRules;
  readonly clock: Clock;
  readonly log: Log;
}

export class EndpointHealth {
  #state: EndpointState = "ACTIVE";
  #nextTryMs = 0;
  /** Undefined: as many as the rules give. */
  #retriesLeft: number | undefined;
  #lastDurationMs = 0;

  get state(): EndpointState {
    return this.#state;
  }

  /** When it may be tried again, by the monotonic clock; of no meaning while ACTIVE. */
  get nextTryMs(): number {
    return this.#nextTryMs;
  }

  /** Whether a message may go to it now. */
  isReady(nowMs: number): boolean {
    return this.#state === "ACTIVE" || nowMs >= this.#nextTryMs;
  }

  /** A response came, whatever its status. */
  succeeded({ label, log }: Pick<HealthSubject, "label" | "log">): void {
    if (this.#state === "ACTIVE") return;
    log.info(
      `Endpoint : ${label} currently ${this.#state} will now be marked active since it processed its last message`,
    );
    this.#state = "ACTIVE";
    this.#retriesLeft = undefined;
    this.#lastDurationMs = 0;
  }

  /** A message could not be sent, or no response came. */
  failed(code: number, subject: HealthSubject): void {
    const { rules, label, log } = subject;
    if (!this.isReady(subject.clock.monotonicMs())) return;
    const timeoutCodes = rules.timeoutCodes.length > 0 ? rules.timeoutCodes : DEFAULT_TIMEOUT_CODES;
    if (timeoutCodes.includes(code)) {
      this.#timedOut(subject);
    } else if (rules.suspendCodes.length === 0 || rules.suspendCodes.includes(code)) {
      log.warn(`Endpoint : ${label} will be marked SUSPENDED as it failed`);
      this.#suspend(subject);
    }
  }

  #timedOut(subject: HealthSubject): void {
    const { rules, label, log, clock } = subject;
    const retries = this.#retriesLeft ?? rules.retriesBeforeSuspension;
    if (retries <= 0) {
      log.info(
        `Endpoint : ${label} has been marked for SUSPENSION, but no further retries remain. Thus it will be SUSPENDED.`,
      );
      this.#suspend(subject);
      return;
    }
    this.#state = "TIMEOUT";
    this.#retriesLeft = retries - 1;
    this.#nextTryMs = clock.monotonicMs() + rules.retryDelayMs;
    log.warn(
      `Endpoint : ${label} is marked as TIMEOUT and will be retried : ${retries - 1} more time/s after : ${dateAfter(clock, rules.retryDelayMs)} until its marked SUSPENDED for failure`,
    );
  }

  #suspend({ rules, label, log, clock }: HealthSubject): void {
    const last = this.#lastDurationMs;
    const wanted = last > 0 ? Math.trunc(last * rules.progressionFactor) : rules.initialDurationMs;
    const duration = wanted < 0 ? DEFAULT_DURATION_MS : Math.min(wanted, rules.maximumDurationMs);
    this.#state = "SUSPENDED";
    this.#lastDurationMs = duration;
    this.#nextTryMs = clock.monotonicMs() + duration;
    const before = last > 0 ? ` - last suspend duration was : ${last}ms and` : " -";
    log.warn(
      `Suspending endpoint : ${label}${before} current suspend duration is : ${duration}ms - Next retry after : ${dateAfter(clock, duration)}`,
    );
  }
}

/** Dates end in the year 275760. */
const DATE_MAX_MS = 8_640_000_000_000_000;

function dateAfter(clock: Clock, delayMs: number): string {
  return formatJavaDate(Math.min(clock.wallMs() + delayMs, DATE_MAX_MS), DATE_PATTERN);
}
