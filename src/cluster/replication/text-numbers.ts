/**
 * Texts that repeat within a message, the values and writers of entries: named in full at first and by a number from
 * then on. `TextNumbers` numbers them where a message is written, `NumberedTexts` finds them again where it is read.
 * On the wire: 0, a text follows and gets no number; 1 to n, the n-th text; n + 1, a text follows and is the next one.
 */
import { type ByteReader, MalformedBytes } from "../byte-reader.ts";
import type { ByteWriter } from "../byte-writer.ts";

/** Texts that get a number in one message. Both sides must agree. */
export const TEXTS_MAX = 256;
/** Largest number that a text is named by. */
export const TEXT_NUMBER_MAX = TEXTS_MAX;

/** Longer texts hardly repeat. */
const LENGTH_MAX = 128;

export class TextNumbers {
  readonly #numbers = new Map<string, number>();
  #last: string | undefined;
  #lastNumber = 0;

  /** The number to write for the text. `writeNew` has to follow with the same text. */
  numberOf(text: string): number {
    if (text === this.#last) return this.#lastNumber;
    const known = this.#numbers.get(text);
    if (known !== undefined) {
      this.#last = text;
      this.#lastNumber = known;
    }
    return known ?? (this.#hasRoomFor(text) ? this.#numbers.size + 1 : 0);
  }

  /** Writes the text when the number that `numberOf` gave says nothing to the reader yet. */
  writeNew(out: ByteWriter, number: number, text: string): void {
    if (number > 0 && number <= this.#numbers.size) return;
    if (number > 0) this.#numbers.set(text, number);
    out.text(text);
  }

  #hasRoomFor(text: string): boolean {
    return this.#numbers.size < TEXTS_MAX && text.length <= LENGTH_MAX;
  }
}

export class NumberedTexts {
  readonly #texts: string[] = [];
  readonly #what: string;
  readonly #bytesMax: number;

  /** `what` is said in refusals; `bytesMax`: of one text. */
  constructor(what: string, bytesMax: number) {
    this.#what = what;
    this.#bytesMax = bytesMax;
  }

  /** The text of the number that was just read. @throws MalformedBytes. */
  read(from: ByteReader, number: number): string {
    const known = this.#texts[number - 1];
    if (known !== undefined) return known;
    if (number > Math.min(this.#texts.length + 1, TEXTS_MAX))
      throw new MalformedBytes(`the number of ${this.#what} was not given yet`);
    const text = from.text(this.#what, this.#bytesMax);
    if (number > 0) this.#texts.push(text);
    return text;
  }

  /** Knows no text any more: the message is read again from its beginning. */
  clear(): void {
    this.#texts.length = 0;
  }
}
