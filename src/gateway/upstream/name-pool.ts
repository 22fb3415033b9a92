/**
 * Texts that stand in many entries, each kept once and named by a small number: the servers and the writers of a shared
 * session table. Counts its uses, so that the number of a text that nobody uses any more serves another.
 */

/** Numbers fit into a Uint16Array; 0 stands for "none". */
const NAMES_MAX = 65_535;

export class NamePool {
  readonly #numbers = new Map<string, number>();
  readonly #names: string[] = [""];
  readonly #uses: number[] = [0];
  readonly #free: number[] = [];
  /** The number that was taken last: most sessions of a message have the same writer. */
  #last = 0;

  /** One more use of the name; undefined while 65535 others are in use. */
  take(name: string): number | undefined {
    const isLast = this.#last > 0 && name === this.#names[this.#last];
    const number = isLast ? this.#last : (this.#numbers.get(name) ?? this.#add(name));
    if (number === undefined) return undefined;
    this.#uses[number] = (this.#uses[number] ?? 0) + 1;
    this.#last = number;
    return number;
  }

  /** One use less. 0 is ignored. */
  giveBack(number: number): void {
    const left = (this.#uses[number] ?? 0) - 1;
    if (number === 0) return;
    this.#uses[number] = left;
    if (left > 0) return;
    this.#numbers.delete(this.nameOf(number));
    this.#names[number] = "";
    this.#last = 0;
    this.#free.push(number);
  }

  /** The name of a number in use. */
  nameOf(number: number): string {
    return this.#names[number] ?? "";
  }

  #add(name: string): number | undefined {
    const number = this.#free.pop() ?? this.#names.length;
    if (number > NAMES_MAX) return undefined;
    // A copy: a slice would keep the whole text that it was cut from.
    const kept = Buffer.from(name, "utf8").toString("utf8");
    this.#numbers.set(kept, number);
    this.#names[number] = kept;
    return number;
  }
}
