/**
 * Counters of one throttle policy: messages in progress, and the rate of each caller (commons-throttle: CallerContext).
 * A caller's window begins with its first message; beyond the count it waits for the window's end, or for the
 * prohibited period when the policy has one. Callers are bounded: the one that was quiet longest is forgotten.
 */
import type { MessageExchange } from "../message/message-exchange.ts";
import type { CallerLimit, ThrottlePolicy } from "./throttle-policy.ts";

/** Callers that are counted at a time. */
export const THROTTLE_CALLERS_MAX = 10_000;

interface CallerWindow {
  count: number;
  endsAtMs: number;
  /** Nothing passes before it, and a new window begins then; 0: nothing is prohibited. */
  prohibitedUntilMs: number;
}

export class ThrottleState {
  readonly policy: ThrottlePolicy;
  readonly #windows = new Map<string, CallerWindow>();
  readonly #inside = new Set<MessageExchange>();

  constructor(policy: ThrottlePolicy) {
    this.policy = policy;
  }

  /** Takes a place among the messages in progress; false when there is none. An exchange has one place. */
  enter(exchange: MessageExchange): boolean {
    const { concurrentMax } = this.policy;
    if (concurrentMax === undefined || this.#inside.has(exchange)) return true;
    if (this.#inside.size >= concurrentMax) return false;
    this.#inside.add(exchange);
    exchange.atEnd(() => this.leave(exchange));
    return true;
  }

  /** Gives the place back, if there is one. */
  leave(exchange: MessageExchange): void {
    this.#inside.delete(exchange);
  }

  /** Whether a message of that caller may pass now; counts it when it may. */
  passes(caller: string, limit: CallerLimit, nowMs: number): boolean {
    if (limit.kind === "allow") return true;
    if (limit.kind === "deny") return false;
    const window = this.#windowOf(caller, nowMs, limit.unitTimeMs);
    if (nowMs < window.prohibitedUntilMs) return false;
    if (window.count < limit.countMax) {
      window.count += 1;
      return true;
    }
    if (limit.prohibitMs > 0) window.prohibitedUntilMs = nowMs + limit.prohibitMs;
    return false;
  }

  #windowOf(caller: string, nowMs: number, unitTimeMs: number): CallerWindow {
    const known = this.#windows.get(caller);
    this.#windows.delete(caller);
    const endsAtMs =
      known && (known.prohibitedUntilMs > 0 ? known.prohibitedUntilMs : known.endsAtMs);
    const window =
      known && endsAtMs !== undefined && nowMs < endsAtMs
        ? known
        : { count: 0, endsAtMs: nowMs + unitTimeMs, prohibitedUntilMs: 0 };
    if (this.#windows.size >= THROTTLE_CALLERS_MAX) {
      const [quietest] = this.#windows.keys();
      if (quietest !== undefined) this.#windows.delete(quietest);
    }
    this.#windows.set(caller, window);
    return window;
  }
}
