/**
 * Whom to probe next (SWIM, section 4.3): every member in turn, in an order of this node's own, so that a crash is noticed after
 * members * pingInterval at the latest. Newcomers are put at a random place, since all nodes learn of them at the same time.
 */
import type { Random } from "./random.ts";

export class ProbeRing {
  readonly #random: Random;
  readonly #ids: string[] = [];
  #next = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  add(id: string): void {
    const place = Math.floor(this.#random() * (this.#ids.length + 1));
    this.#ids.splice(place, 0, id);
    if (place < this.#next) this.#next += 1;
  }

  remove(id: string): void {
    const place = this.#ids.indexOf(id);
    if (place < 0) return;
    this.#ids.splice(place, 1);
    if (place < this.#next) this.#next -= 1;
  }

  /** Undefined: there is nobody. */
  next(): string | undefined {
    if (this.#next >= this.#ids.length) this.#next = 0;
    const id = this.#ids[this.#next];
    this.#next += 1;
    return id;
  }

  /** Up to `count` different ones by chance, those of `except` left out. */
  some(count: number, except: (id: string) => boolean): readonly string[] {
    const chosen = new Set<string>();
    // Three tries for each are enough in practice; fewer than asked for do no harm.
    const all = this.#ids.length <= count + 1;
    if (all) return this.#ids.filter((id) => !except(id)).slice(0, count);
    for (let tries = count * 3; tries > 0 && chosen.size < count; tries -= 1) {
      const id = this.#ids[Math.floor(this.#random() * this.#ids.length)];
      if (id !== undefined && !except(id)) chosen.add(id);
    }
    return [...chosen];
  }
}
