/** The strings and integers of SSH's wire format (RFC 4251, section 5), as keys and signatures are made of them. */

/** A string: its length in four bytes, then its bytes. */
export function wireString(content: Buffer | string): Buffer {
  const bytes = Buffer.from(content);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** Reads one field after the other. */
export class WireReader {
  readonly #bytes: Buffer;
  #offset = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#offset === this.#bytes.length;
  }

  /** @throws Error when fewer bytes are left. */
  take(count: number): Buffer {
    const end = this.#offset + count;
    if (end > this.#bytes.length) throw new Error("it is cut short");
    const part = this.#bytes.subarray(this.#offset, end);
    this.#offset = end;
    return part;
  }

  integer(): number {
    return this.take(4).readUInt32BE();
  }

  string(): Buffer {
    return this.take(this.integer());
  }

  text(): string {
    return this.string().toString("latin1");
  }

  /** A non-negative mpint without its leading zeros. */
  unsigned(): Buffer {
    const bytes = this.string();
    if (bytes.length > 0 && (bytes[0] ?? 0) >= 0x80) throw new Error("it has a negative number");
    let start = 0;
    while (start < bytes.length && bytes[start] === 0) start += 1;
    return bytes.subarray(start);
  }
}
