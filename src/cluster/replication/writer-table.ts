/** The ids of the writers of a store's entries, each kept once and referred to by a number, as long as an entry does. */
const WRITERS_MAX = 2 ** 16;

export class WriterTable {
  readonly #numbers = new Map<string, number>();
  readonly #ids: string[] = [];
  readonly #uses: number[] = [];
  readonly #free: number[] = [];
  /** The number that was added last: most entries of a message have the same writer. */
  #last = -1;

  at(number: number): string {
    return this.#ids[number] ?? "";
  }

  /** The number of the writer, one use more. @throws RangeError when more than 65,536 writers are in use. */
  add(id: string): number {
    const known = id === this.#ids[this.#last] ? this.#last : this.#numbers.get(id);
    const number = known ?? this.#free.pop() ?? this.#ids.length;
    if (number >= WRITERS_MAX) throw new RangeError("a map has entries of too many writers");
    if (known === undefined) {
      this.#numbers.set(id, number);
      this.#ids[number] = id;
      this.#uses[number] = 0;
    }
    this.#last = number;
    this.#uses[number] = (this.#uses[number] ?? 0) + 1;
    return number;
  }

  /** One use less. */
  drop(number: number): void {
    const uses = (this.#uses[number] ?? 1) - 1;
    this.#uses[number] = uses;
    if (uses > 0) return;
    this.#numbers.delete(this.at(number));
    this.#ids[number] = "";
    this.#last = -1;
    this.#free.push(number);
  }
}
