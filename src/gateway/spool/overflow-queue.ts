/**
 * The response that a slow client has not taken yet: in memory up to the size of `proxy_buffers`, behind that in a
 * temporary file up to `proxy_max_temp_file_size`, in strict order. Follows ngx_event_pipe.c. The proxy
 * pushes what the peer sends and shifts what the client can take. Without a file it is two counters and an array.
 *
 * Order of the bytes, oldest first: #front (memory) → the file from #readAt on → #inFlight (being written) → #back.
 */
import { AppError } from "../../errors/app-error.ts";
import { PieceQueue } from "./piece-queue.ts";
import type { TempFile, TempFiles } from "./temp-file.ts";

/** A piece that is read back from the file; the next one is fetched when less than this is in memory. */
const PIECE_BYTES = 64 * 1024;
/** What may wait for the disk before the producer has to pause, besides the memory. */
export const SLACK_BYTES = 64 * 1024;

export interface OverflowLimits {
  /** All `proxy_buffers` together. 0: whatever waits goes to the file, or is full without one. */
  readonly memoryBytes: number;
  /** `proxy_max_temp_file_size`; 0: no file. What is larger than the file may be stays in memory and counts as full. */
  readonly fileBytesMax: number;
}

/** None is called after `dispose`, nor from within `push` or `shift`: who has shifted a piece comes to send it first. */
export interface OverflowEvents {
  /** The producer may go on; it may push at once. */
  onRoom(): void;
  /** `shift` has something again, after it had nothing. */
  onReadable(): void;
  /** The disk has failed: bytes are lost, the response cannot be finished. The queue is over, full and not empty. */
  onError(error: AppError): void;
}

export class OverflowQueue {
  readonly #limits: OverflowLimits;
  readonly #files: TempFiles;
  readonly #events: OverflowEvents;
  readonly #front = new PieceQueue();
  readonly #back = new PieceQueue();
  #byteCount = 0;
  #full = false;
  #over = false;
  #failed = false;
  /** `onRoom` is about to be called. */
  #tellsRoom = false;
  /** Something is behind #front. */
  #spilling = false;
  #file: TempFile | undefined;
  #opening = false;
  #reading = false;
  #inFlight = 0;
  #readAt = 0;

  constructor(limits: OverflowLimits, files: TempFiles, events: OverflowEvents) {
    this.#limits = limits;
    this.#files = files;
    this.#events = events;
  }

  /** Bytes that were pushed and not shifted. */
  get byteCount(): number {
    return this.#byteCount;
  }

  /** Everything that was pushed has been shifted; never after an error. */
  get isEmpty(): boolean {
    return this.#byteCount === 0 && !this.#failed;
  }

  /**
   * The producer must pause until `onRoom`: half of the bound must be free again. What it pushes all the same is
   * kept in memory. The bound is `memoryBytes` without a file; with one, what waits for the disk (64 KB, nothing
   * while the file is opened) and the size of the file.
   */
  get isFull(): boolean {
    return this.#full;
  }

  /** A file was needed. */
  get hasSpilled(): boolean {
    return this.#opening || this.#file !== undefined;
  }

  /** Copies `chunk` to the end. */
  push(chunk: Buffer): void {
    if (this.#over || chunk.length === 0) return;
    this.#byteCount += chunk.length;
    if (!this.#spilling && this.#fits(chunk.length)) {
      this.#front.push(chunk);
    } else {
      this.#spilling = true;
      this.#back.push(chunk);
      this.#advance();
    }
    this.#full ||= this.#isBeyond(1);
  }

  /** The next piece if it is in memory; undefined: the queue is empty, or `onReadable` will tell. */
  shift(): Buffer | undefined {
    const piece = this.#front.shift();
    if (piece === undefined) return undefined;
    this.#byteCount -= piece.length;
    if (this.#spilling) this.#advance();
    if (this.#full && !this.#tellsRoom && !this.#isBeyond(0.5)) this.#tellRoomSoon();
    return piece;
  }

  /** Frees memory and file; idempotent. Nothing is pushed or shifted afterwards. */
  dispose(): void {
    this.#end();
    this.#byteCount = 0;
  }

  #end(): void {
    this.#over = true;
    this.#spilling = false;
    this.#front.clear();
    this.#back.clear();
    void this.#file?.close();
  }

  /** May stand in memory: there is room, nothing else waits, or there is no other place. */
  #fits(bytes: number): boolean {
    const { memoryBytes, fileBytesMax } = this.#limits;
    const waiting = this.#front.byteCount;
    return fileBytesMax === 0 || waiting === 0 || waiting + bytes <= memoryBytes;
  }

  /** @param part of the bound: 1 to find that it is reached, 0.5 to find that half of it is free. */
  #isBeyond(part: 1 | 0.5): boolean {
    const { memoryBytes, fileBytesMax } = this.#limits;
    if (fileBytesMax === 0) {
      const waiting = this.#front.byteCount;
      return part === 1 ? waiting >= memoryBytes : waiting > memoryBytes * part;
    }
    if (this.#opening) return true;
    const unwritten = this.#inFlight + this.#back.byteCount;
    return unwritten > SLACK_BYTES * part || unwritten + this.#fileSize >= fileBytesMax;
  }

  get #fileSize(): number {
    return this.#file?.size ?? 0;
  }

  /** Moves bytes forward as far as that can be done now, and sets the disk to work. */
  #advance(): void {
    if (this.#fileSize === this.#readAt && this.#inFlight === 0) {
      this.#readAt = 0;
      this.#file?.rewind();
      this.#skipFile();
      if (this.#back.byteCount === 0) {
        this.#spilling = false;
        return;
      }
    }
    if (this.#back.byteCount > 0) this.#write();
    if (this.#front.byteCount < PIECE_BYTES && this.#readAt < this.#fileSize) void this.#read();
  }

  /** Nothing is in the file: what waits for it goes on in memory when there is room. */
  #skipFile(): void {
    const bytes = this.#back.byteCount;
    if (bytes > 0 && this.#fits(bytes)) this.#front.pushOwn(this.#back.takeAll());
  }

  #write(): void {
    if (this.#opening || this.#inFlight > 0) return;
    if (this.#fileSize + this.#back.byteCount > this.#limits.fileBytesMax) return;
    if (this.#file) void this.#append(this.#file);
    else void this.#open();
  }

  async #open(): Promise<void> {
    this.#opening = true;
    try {
      this.#file = await this.#files.create();
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#opening = false;
    if (this.#over) void this.#file.close();
    else this.#settle();
  }

  async #append(file: TempFile): Promise<void> {
    const bytes = this.#back.takeAll();
    this.#inFlight = bytes.length;
    try {
      await file.append(bytes);
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#inFlight = 0;
    this.#settle();
  }

  async #read(): Promise<void> {
    if (this.#reading || !this.#file) return;
    this.#reading = true;
    let piece: Buffer;
    try {
      piece = await this.#file.read(this.#readAt, PIECE_BYTES);
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#reading = false;
    if (this.#over) return;
    this.#readAt += piece.length;
    const wasEmpty = this.#front.byteCount === 0;
    this.#front.pushOwn(piece);
    this.#settle(wasEmpty);
  }

  /** The disk has done something. */
  #settle(wasEmpty = this.#front.byteCount === 0): void {
    if (this.#over) return;
    this.#advance();
    if (wasEmpty && this.#front.byteCount > 0) this.#events.onReadable();
    this.#tellRoom();
  }

  /** Not at once: a producer that pushes in `onRoom` would overtake the piece that is just being shifted. */
  #tellRoomSoon(): void {
    this.#tellsRoom = true;
    queueMicrotask(() => {
      this.#tellsRoom = false;
      this.#tellRoom();
    });
  }

  #tellRoom(): void {
    if (!this.#full || this.#over || this.#isBeyond(0.5)) return;
    this.#full = false;
    this.#events.onRoom();
  }

  #fail(error: unknown): void {
    if (this.#over) return;
    this.#end();
    this.#failed = true;
    this.#full = true;
    this.#events.onError(
      error instanceof AppError ? error : new AppError("INTERNAL", String(error), { cause: error }),
    );
  }
}
