/**
 * What a copy of a map has: for each writer the counter up to which it has all of that writer's changes. Two copies
 * compare their vectors to see who lacks something; a batch that does not follow on the last one shows a gap.
 */

/** Writers that are told apart; each start of a node is one. Beyond, the one whose last write is oldest is given up. */
export const WRITERS_MAX = 256;

/** Changes of a writer that came after a gap: known from behind `from` to `to`. */
interface Island {
  readonly from: number;
  readonly to: number;
}

export class VersionVector {
  readonly #counters = new Map<string, number>();
  readonly #islands = new Map<string, Island>();
  /** What is taken to be known of writers that are not listed. */
  #floor = 0;

  get counters(): ReadonlyMap<string, number> {
    return this.#counters;
  }

  /** The counter up to which all changes of the writer are here; 0: none. */
  of(writer: string): number {
    return this.#counters.get(writer) ?? this.#floor;
  }

  /** Takes note of all changes of a writer behind `from` up to `to`. False: changes before `from` are missing. */
  take(writer: string, from: number, to: number): boolean {
    if (from <= this.of(writer)) {
      this.#raise(writer, to);
      return true;
    }
    const island = this.#islands.get(writer);
    const follows = island !== undefined && from <= island.to && from >= island.from;
    const next = follows ? { from: island.from, to: Math.max(island.to, to) } : { from, to };
    this.#islands.set(writer, next);
    if (this.#islands.size > WRITERS_MAX) this.#islands.delete(firstOf(this.#islands));
    return false;
  }

  /** The copy has everything that the other one had. */
  merge(others: ReadonlyMap<string, number>): void {
    for (const [writer, counter] of others) this.#raise(writer, counter);
  }

  /** Whether a copy with that vector has changes that are missing here. */
  lacks(others: ReadonlyMap<string, number>): boolean {
    for (const [writer, counter] of others) if (counter > this.of(writer)) return true;
    return false;
  }

  #raise(writer: string, counter: number): void {
    if (counter > this.of(writer)) this.#counters.set(writer, counter);
    const island = this.#islands.get(writer);
    if (island && island.from <= this.of(writer)) {
      this.#islands.delete(writer);
      if (island.to > this.of(writer)) this.#counters.set(writer, island.to);
    }
    if (this.#counters.size > WRITERS_MAX) this.#forgetOldest();
  }

  #forgetOldest(): void {
    let [oldest, lowest] = ["", Infinity];
    for (const [writer, counter] of this.#counters) {
      if (counter < lowest) [oldest, lowest] = [writer, counter];
    }
    this.#counters.delete(oldest);
    this.#floor = Math.max(this.#floor, lowest);
  }
}

function firstOf(islands: ReadonlyMap<string, Island>): string {
  for (const writer of islands.keys()) return writer;
  return "";
}
