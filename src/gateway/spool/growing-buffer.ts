/**
 * Bytes in one piece of memory that grows by doubling up to a bound: however small the chunks are in which a body
 * comes, it costs at most twice its length, and its text is there without joining. A small body that comes in few chunks
 * stays text, a character a byte, which goes out as it is behind a head. Used by SpooledBody.
 */

const NOTHING = Buffer.alloc(0);
/** Up to this size bytes stay text. */
const TEXT_BYTES_MAX = 16 * 1024;
/** Text is not made of many pieces smaller than this: each costs as much again. */
const PIECE_BYTES_MIN = 256;

export class GrowingBuffer {
  readonly #bytesMax: number;
  /** All of it, or "": it is in the room. */
  #text = "";
  #room: Buffer = NOTHING;
  #used = 0;

  /** @param bytesMax doubling stops there; a chunk that goes beyond it fits all the same, exactly. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get byteCount(): number {
    return this.#used;
  }

  /** A view of all of it; it stays as it is until `clear`. */
  get bytes(): Buffer {
    this.#leaveText();
    return this.#room.subarray(0, this.#used);
  }

  /** All of it, a character a byte. */
  get text(): string {
    return this.#text === "" ? this.#room.toString("latin1", 0, this.#used) : this.#text;
  }

  /** Copies `chunk` behind the rest. */
  append(chunk: Buffer): void {
    const needed = this.#used + chunk.length;
    if (this.#staysText(chunk, needed)) this.#text += chunk.toString("latin1");
    else {
      this.#leaveText();
      if (needed > this.#room.length) this.#grow(needed);
      chunk.copy(this.#room, this.#used);
    }
    this.#used = needed;
  }

  /** Takes everything out; the memory is the caller's. */
  take(): Buffer {
    const { bytes } = this;
    this.clear();
    return bytes;
  }

  clear(): void {
    this.#text = "";
    this.#room = NOTHING;
    this.#used = 0;
  }

  #staysText({ length }: Buffer, needed: number): boolean {
    if (needed > TEXT_BYTES_MAX || needed > this.#bytesMax) return false;
    return this.#used === 0 || (this.#text !== "" && length >= PIECE_BYTES_MIN);
  }

  #leaveText(): void {
    if (this.#text === "") return;
    this.#room = Buffer.from(this.#text, "latin1");
    this.#text = "";
  }

  /** A first chunk gets exactly its length: most bodies come in one. */
  #grow(needed: number): void {
    const doubled = Math.min(this.#room.length * 2, this.#bytesMax);
    const room = Buffer.allocUnsafe(Math.max(needed, doubled));
    this.#room.copy(room, 0, 0, this.#used);
    this.#room = room;
  }
}
