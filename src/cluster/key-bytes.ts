/**
 * A key as UTF-8 where it stands: in a message or in a table. Keys go from one into the other word by word, and text is
 * made of them for those who ask for it, for a million keys make a restarted gateway wait for a million texts.
 */
import { isUtf8 } from "node:buffer";

const NOT_ASCII = 0x8080_8080;

export class KeyBytes {
  #bytes: Buffer = Buffer.alloc(0);
  #text: string | undefined;
  /** Of the bytes of the message or table, for words that begin anywhere. */
  view: DataView = viewOf(this.#bytes);
  /** The first byte of the key in `view`. */
  start = 0;
  length = 0;

  /** Means another key from now on. `view` is that of all `bytes`. */
  set(bytes: Buffer, view: DataView, start: number, length: number): void {
    this.#bytes = bytes;
    this.#text = undefined;
    this.view = view;
    this.start = start;
    this.length = length;
  }

  /** Whether the bytes are UTF-8: those that are not would come back as another text. */
  get isText(): boolean {
    const { view, start, length } = this;
    let seen = 0;
    let at = 0;
    for (; at + 4 <= length; at += 4) seen |= view.getInt32(start + at, true);
    for (; at < length; at += 1) seen |= view.getInt8(start + at);
    return (seen & NOT_ASCII) === 0 || isUtf8(this.#bytes.subarray(start, start + length));
  }

  copyTo(target: Buffer, at: number): void {
    const { start, length } = this;
    const bytes = this.#bytes;
    for (let index = 0; index < length; index += 1) target[at + index] = bytes[start + index] ?? 0;
  }

  /** A text of its own, which keeps nothing of the message; made at the first look. */
  toString(): string {
    this.#text ??= this.#bytes.toString("utf8", this.start, this.start + this.length);
    return this.#text;
  }
}

/** The same bytes, to be read and written as words. */
export function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
