/**
 * A ByteStream that somebody fills: `push`, then `end` or `fail`. What comes before there is a reader, or while it
 * takes nothing, is kept; beyond a bound the source is told to pause. Used by http-client.ts for the bodies of
 * responses, and wherever bytes are at hand already (`bytesStream`).
 */
import type { ByteSink, ByteStream } from "./byte-stream.ts";

/** What a queue asks of the side that fills it. */
export interface ByteSource {
  /** Nothing more, until `resume`. */
  pause(): void;
  resume(): void;
  /** What is left is not wanted. Called once at most, and not after `end` or `fail`. */
  cancel(): void;
}

/** Bytes that may wait for their reader before the source is told to pause. */
const KEPT_BYTES_MAX = 64 * 1024;

const NO_SOURCE: ByteSource = { pause: () => {}, resume: () => {}, cancel: () => {} };

/** A stream of bytes that are all here. */
export function bytesStream(bytes: Buffer): ByteStream {
  const queue = new ByteQueue(NO_SOURCE);
  if (bytes.length > 0) queue.push(bytes);
  queue.end();
  return queue;
}

export class ByteQueue implements ByteStream {
  readonly #source: ByteSource;
  #sink: ByteSink | undefined;
  #kept: Buffer[] = [];
  #keptBytes = 0;
  #sinkPaused = false;
  #sourcePaused = false;
  #ended = false;
  #fault: Error | undefined;
  /** Taken to its end, told to the sink, or thrown away. */
  #over = false;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /** A piece. It is not copied: it must stay as it is. */
  push(chunk: Buffer): void {
    if (this.#over) return;
    if (this.#sink && !this.#sinkPaused) return this.#pass(this.#sink, chunk, true);
    this.#kept.push(chunk);
    this.#keptBytes += chunk.length;
    if (this.#keptBytes >= KEPT_BYTES_MAX) this.#pauseSource();
  }

  /** A piece that is overwritten after the call: copied where its reader does not take it now. */
  offer(chunk: Buffer): void {
    if (this.#over) return;
    if (this.#sink && !this.#sinkPaused) this.#pass(this.#sink, chunk, false);
    else this.push(Buffer.from(chunk));
  }

  end(): void {
    this.#ended = true;
    this.#tell();
  }

  /** The bytes broke off; what is kept still goes to the reader first. */
  fail(error: Error): void {
    if (this.#ended) return;
    this.#fault ??= error;
    this.#tell();
  }

  takeWhole(): Buffer | undefined {
    if (!this.#ended || this.#over || this.#sink) return undefined;
    this.#over = true;
    const [first, second] = this.#kept;
    const whole = second ? Buffer.concat(this.#kept) : (first ?? Buffer.alloc(0));
    this.#kept = [];
    return whole;
  }

  consume(sink: ByteSink): void {
    this.#sink = sink;
    this.#deliver();
  }

  resume(): void {
    if (!this.#sinkPaused) return;
    this.#sinkPaused = false;
    this.#deliver();
  }

  discard(): void {
    if (this.#over) return;
    this.#over = true;
    this.#kept = [];
    this.#keptBytes = 0;
    if (!this.#ended && !this.#fault) this.#source.cancel();
  }

  #pass(sink: ByteSink, chunk: Buffer, stays: boolean): void {
    if (sink.onBodyData(chunk, stays)) return;
    this.#sinkPaused = true;
    this.#pauseSource();
  }

  #deliver(): void {
    while (!this.#sinkPaused && !this.#over) {
      const chunk = this.#kept.shift();
      if (!chunk) break;
      this.#keptBytes -= chunk.length;
      if (this.#sink?.onBodyData(chunk, true) === false) this.#sinkPaused = true;
    }
    this.#tell();
    if (!this.#sourcePaused || this.#sinkPaused || this.#over) return;
    this.#sourcePaused = false;
    this.#source.resume();
  }

  #pauseSource(): void {
    if (this.#sourcePaused || this.#ended) return;
    this.#sourcePaused = true;
    this.#source.pause();
  }

  #tell(): void {
    if (this.#over || !this.#sink || this.#kept.length > 0) return;
    if (this.#fault) {
      this.#over = true;
      this.#sink.onBodyFault(this.#fault);
    } else if (this.#ended) {
      this.#over = true;
      this.#sink.onBodyEnd();
    }
  }
}
