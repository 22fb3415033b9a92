/**
 * Bytes in one piece of memory that grows by doubling up to a bound: however small the chunks are in which a body
 * comes, it costs at most twice its length, and its text is there without joining. Used by SpooledBody.
 */

const NOTHING = Buffer.alloc(0);

export class GrowingBuffer {
  readonly #bytesMax: number;
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
    return this.#room.subarray(0, this.#used);
  }

  /** Copies `chunk` behind the rest. */
  append(chunk: Buffer): void {
    const needed = this.#used + chunk.length;
    if (needed > this.#room.length) this.#grow(needed);
    chunk.copy(this.#room, this.#used);
    this.#used = needed;
  }

  /** Takes everything out; the memory is the caller's. */
  take(): Buffer {
    const { bytes } = this;
    this.clear();
    return bytes;
  }

  clear(): void {
    this.#room = NOTHING;
    this.#used = 0;
  }

  /** A first chunk gets exactly its length: most bodies come in one. */
  #grow(needed: number): void {
    const doubled = Math.min(this.#room.length * 2, this.#bytesMax);
    const room = Buffer.allocUnsafe(Math.max(needed, doubled));
    this.#room.copy(room, 0, 0, this.#used);
    this.#room = room;
  }
}
