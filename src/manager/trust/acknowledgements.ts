/** Which registered nodes are in touch with the manager and how new the material is that each has: what a rotation waits for. */
import type { Clock } from "../../runtime/clock.ts";
import { sleep } from "../../runtime/clock.ts";

/** A node that has not asked for so long is away; it asks every 10 s, and first of all when it starts. */
const PRESENT_MS = 25_000;
const LOOK_MS = 50;

interface Heard {
  readonly generation: number;
  readonly atMs: number;
}

export interface Patience {
  readonly msMax: number;
  /** Names of registered nodes that membership sees, whether they have asked yet or not. */
  readonly live: () => readonly string[];
  readonly isOver: () => boolean;
}

export class Acknowledgements {
  readonly #clock: Clock;
  readonly #heard = new Map<string, Heard>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The node has asked, and has that material. */
  note(name: string, generation: number): void {
    this.#heard.set(name, { generation, atMs: this.#clock.monotonicMs() });
  }

  forget(name: string): void {
    this.#heard.delete(name);
  }

  isPresent(name: string): boolean {
    const heard = this.#heard.get(name);
    return heard !== undefined && this.#clock.monotonicMs() - heard.atMs < PRESENT_MS;
  }

  /** Nodes that are present, or that `live` tells, and have something older. */
  late(generation: number, live: readonly string[]): readonly string[] {
    const present = [...this.#heard.keys()].filter((name) => this.isPresent(name));
    const names = [...new Set([...present, ...live])];
    return names.filter((name) => (this.#heard.get(name)?.generation ?? -1) < generation);
  }

  /** Resolves when every such node has it, or after `msMax`, with those that do not. */
  async until(generation: number, { msMax, live, isOver }: Patience): Promise<readonly string[]> {
    const endMs = this.#clock.monotonicMs() + msMax;
    for (;;) {
      const late = this.late(generation, live());
      if (late.length === 0 || isOver() || this.#clock.monotonicMs() >= endMs) return late;
      await sleep(this.#clock, LOOK_MS);
    }
  }
}
