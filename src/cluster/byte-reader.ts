/**
 * Strict reading of the messages that `ByteWriter` writes: every field has bounds, and a message that breaks them, ends
 * too soon or goes on after its end is refused as a whole.
 */

/** A message of a peer that does not have the agreed form. Caught where messages come in. */
export class MalformedBytes extends Error {}

const WHOLE_BYTES_MAX = 8;

export class ByteReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Whether all was read. */
  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** A whole number from 0 to `max`, which is below 2 ** 53. */
  whole(what: string, max: number): number {
    let value = 0;
    let weight = 1;
    for (let read = 0; read < WHOLE_BYTES_MAX; read += 1) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new MalformedBytes(`${what} is cut off`);
      value += (byte & 0x7f) * weight;
      if (byte < 0x80) return checked(what, value, max);
      weight *= 0x80;
    }
    throw new MalformedBytes(`${what} is longer than a number`);
  }

  /** Text of at most `bytesMax` bytes of UTF-8. */
  text(what: string, bytesMax: number): string {
    const bytes = this.whole(`the length of ${what}`, bytesMax);
    const end = this.#at + bytes;
    if (end > this.#bytes.length) throw new MalformedBytes(`${what} is cut off`);
    const text = this.#bytes.toString("utf8", this.#at, end);
    this.#at = end;
    return text;
  }

  /** @throws MalformedBytes when something follows. */
  end(): void {
    if (!this.isAtEnd) throw new MalformedBytes("something follows the end of the message");
  }
}

function checked(what: string, value: number, max: number): number {
  if (value > max) throw new MalformedBytes(`${what} is greater than ${max}`);
  return value;
}
