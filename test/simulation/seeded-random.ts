/** Chance that repeats: the same seed gives the same run. Mulberry32, good enough for choosing what goes wrong. */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.trunc(seed) % 2 ** 32;
  }

  /** From 0 up to, not including, 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) % 2 ** 32;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Whether something of this probability happens now. */
  happens(probability: number): boolean {
    return this.next() < probability;
  }

  /** A whole number from `min` to `max`. */
  whole(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }
}

/** The seed of a run: SEED of the environment, so that a failure can be repeated; otherwise a fixed one. */
export function seedOfRun(): number {
  const seed = Number(process.env["SEED"] ?? "2026");
  if (!Number.isSafeInteger(seed) || seed < 0) throw new Error("SEED is no whole number");
  return seed;
}
