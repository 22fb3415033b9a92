/**
 * How far this node trusts its own judgement (Lifeguard, section IV-A): it counts up when others had to be told that it lives, when its
 * probes fail although others ought to have helped, and when it stood still; and down with each answered probe.
 */
import { HEALTH_MAX } from "./swim-timing.ts";

export class LocalHealth {
  #ailment = 0;

  /** Intervals and time-outs of probes are so many times as long: 1 in health, HEALTH_MAX + 1 at worst. */
  get factor(): number {
    return this.#ailment + 1;
  }

  improve(): void {
    this.#ailment = Math.max(0, this.#ailment - 1);
  }

  worsen(): void {
    this.#ailment = Math.min(HEALTH_MAX, this.#ailment + 1);
  }
}
