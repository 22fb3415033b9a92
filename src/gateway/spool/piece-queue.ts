/**
 * A queue of bytes in memory, piece by piece. Small chunks are joined in blocks, so that what it holds is bounded by
 * its bytes and not by the number of chunks that a peer cares to send. Used by OverflowQueue.
 */

/** A chunk below this is joined with the one before it when that is small, too. */
const SMALL_BYTES = 2048;
const BLOCK_BYTES = 4096;
/** Places of pieces that are gone, before they are cut off. */
const GONE_MAX = 256;
const NOTHING = Buffer.alloc(0);

export class PieceQueue {
  #pieces: Buffer[] = [];
  /** The oldest piece; those before it are gone. */
  #first = 0;
  #byteCount = 0;
  /** The memory of the newest piece, when there is room behind it. */
  #block: Buffer | undefined;

  get byteCount(): number {
    return this.#byteCount;
  }

  /** Copies `chunk` to the end; an empty one is nothing. */
  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    if (chunk.length >= SMALL_BYTES || !this.#join(chunk)) this.pushOwn(Buffer.from(chunk));
  }

  /** Takes `piece` over as it is: not empty, and nobody writes to it any more. */
  pushOwn(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#byteCount += piece.length;
    this.#block = undefined;
  }

  /** The oldest piece; undefined: there is none. */
  shift(): Buffer | undefined {
    const piece = this.#pieces[this.#first];
    if (piece === undefined) return undefined;
    this.#pieces[this.#first] = NOTHING;
    this.#first++;
    this.#byteCount -= piece.length;
    if (this.#first === this.#pieces.length) this.clear();
    else if (this.#first > GONE_MAX) {
      this.#pieces = this.#pieces.slice(this.#first);
      this.#first = 0;
    }
    return piece;
  }

  /** Everything in one buffer; the queue is empty then. */
  takeAll(): Buffer {
    const pieces = this.#pieces.slice(this.#first);
    const [only = NOTHING] = pieces;
    this.clear();
    return pieces.length < 2 ? only : Buffer.concat(pieces);
  }

  clear(): void {
    this.#pieces.length = 0;
    this.#first = 0;
    this.#byteCount = 0;
    this.#block = undefined;
  }

  /** @returns false: the newest piece is gone, large, or full. */
  #join(chunk: Buffer): boolean {
    const at = this.#pieces.length - 1;
    const newest = this.#pieces[at];
    if (newest === undefined || newest.length + chunk.length > BLOCK_BYTES) return false;
    let block = this.#block;
    if (!block) {
      if (newest.length >= SMALL_BYTES) return false;
      block = Buffer.allocUnsafe(BLOCK_BYTES);
      newest.copy(block);
      this.#block = block;
    }
    chunk.copy(block, newest.length);
    this.#pieces[at] = block.subarray(0, newest.length + chunk.length);
    this.#byteCount += chunk.length;
    return true;
  }
}
