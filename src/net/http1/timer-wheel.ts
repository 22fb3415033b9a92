/**
 * Deadlines of very many connections on one timer of the clock. A deadline that is moved later or taken back
 * costs two assignments: the wheel looks at it when its old time comes, and then moves or forgets it.
 * Coarse: an action comes up to two ticks late. The clock is read once a tick, not with each call, so only a stalled
 * event loop makes it come early, by the length of the stall at most.
 */
import type { Clock, Timer } from "../../runtime/clock.ts";

/** A shorter tick is more exact and costs more wake-ups. */
const TICK_MS = 50;
/** Slots of the wheel; what is due later than a whole turn (25.6 s) is looked at once a turn. */
const SLOT_COUNT = 512;

const NOTHING = (): void => {};

/** One thing that must happen in time. Made by TimerWheel. */
export class Deadline {
  /** When the action is due; Infinity: never. */
  dueMs = Infinity;
  /** The tick at which the wheel looks at it; -1: it is in no slot. */
  tick = -1;
  action: () => void;
  readonly #wheel: TimerWheel;

  constructor(wheel: TimerWheel, action: () => void) {
    this.#wheel = wheel;
    this.action = action;
  }

  /** The action is due in `delayMs` from now, whatever was set before. */
  set(delayMs: number): void {
    this.#wheel.place(this, delayMs);
  }

  clear(): void {
    this.dueMs = Infinity;
  }

  /** It will never be set again: lets go of the action, which the wheel would keep for a turn. */
  end(): void {
    this.dueMs = Infinity;
    this.action = NOTHING;
  }
}

export class TimerWheel {
  readonly #clock: Clock;
  readonly #slots: Deadline[][] = Array.from({ length: SLOT_COUNT }, () => []);
  #timer: Timer | undefined;
  /** The last tick that was looked at. */
  #tick = 0;
  /** The time of that look. */
  #nowMs = 0;
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A deadline that is not set yet. */
  deadline(action: () => void): Deadline {
    return new Deadline(this, action);
  }

  /** The clock's time. */
  nowMs(): number {
    return this.#clock.monotonicMs();
  }

  /** The time of the last tick: up to a tick ago while deadlines run. For ages of which a tick is no part. */
  coarseMs(): number {
    return this.#timer ? this.#nowMs : this.nowMs();
  }

  /** Used by Deadline. */
  place(deadline: Deadline, delayMs: number): void {
    if (!this.#timer) this.#start();
    // The time of the last look may be a tick old.
    deadline.dueMs = this.#nowMs + delayMs + TICK_MS;
    const tick = this.#tickOf(deadline.dueMs);
    if (deadline.tick === -1) this.#insert(deadline, tick);
    else if (tick < deadline.tick) this.#move(deadline, tick);
  }

  /** Never later than a whole turn from now. */
  #tickOf(dueMs: number): number {
    const tick = Math.max(this.#tick + 1, Math.ceil(dueMs / TICK_MS));
    return Math.min(tick, this.#tick + SLOT_COUNT);
  }

  #insert(deadline: Deadline, tick: number): void {
    deadline.tick = tick;
    this.#slotOf(tick).push(deadline);
    this.#count++;
  }

  #move(deadline: Deadline, tick: number): void {
    const slot = this.#slotOf(deadline.tick);
    const at = slot.indexOf(deadline);
    const last = slot.pop();
    if (last && last !== deadline) slot[at] = last;
    this.#count--;
    this.#insert(deadline, tick);
  }

  #slotOf(tick: number): Deadline[] {
    return this.#slots[tick % SLOT_COUNT] ?? [];
  }

  #start(): void {
    this.#nowMs = this.nowMs();
    this.#tick = Math.floor(this.#nowMs / TICK_MS);
    this.#timer = this.#clock.every(TICK_MS, () => this.#advance());
  }

  #advance(): void {
    const nowMs = this.nowMs();
    this.#nowMs = nowMs;
    const until = Math.floor(nowMs / TICK_MS);
    while (this.#tick < until) {
      this.#tick++;
      const due = this.#slotOf(this.#tick).splice(0);
      this.#count -= due.length;
      for (const deadline of due) this.#visit(deadline, nowMs);
    }
    if (this.#count > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #visit(deadline: Deadline, nowMs: number): void {
    deadline.tick = -1;
    if (deadline.dueMs <= nowMs) {
      deadline.dueMs = Infinity;
      deadline.action();
    } else if (deadline.dueMs < Infinity) {
      this.#insert(deadline, this.#tickOf(deadline.dueMs));
    }
  }
}
