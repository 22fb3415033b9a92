/**
 * A socket without a system behind it: a test says what arrives, when the other party takes what was written, and when
 * it goes. With Node's own streams above, so that writableLength, "drain", "close" and the rest are the real ones.
 */
import { Socket } from "node:net";

export class FakeSocket extends Socket {
  /** Takes what `arrive` brings; whoever opens the socket sets it. */
  receive: (chunk: Buffer) => void = () => {};
  /** Bytes that the system takes at once; what is written beyond them waits for `takes`. Default: all. */
  room = Infinity;
  /** How much was written and taken. */
  byteCount = 0;
  /** The writing side was ended. */
  finished = false;
  readonly #taken: Buffer[] = [];
  #waiting: { readonly bytes: Buffer; readonly done: () => void } | undefined;

  /** For `open` of a connection. */
  readonly open = (receive: (chunk: Buffer) => void): Socket => {
    this.receive = receive;
    return this;
  };

  /** What was written and taken. */
  get bytes(): Buffer {
    return Buffer.concat(this.#taken);
  }

  /** The same, a character a byte. */
  get text(): string {
    return this.bytes.toString("latin1");
  }

  connects(): void {
    this.emit("connect");
  }

  /** Brings bytes; the buffer is overwritten afterwards, as that of shared reads is. */
  arrive(data: string | Buffer): void {
    const chunk = Buffer.from(typeof data === "string" ? Buffer.from(data, "latin1") : data);
    this.receive(chunk);
    chunk.fill("!");
  }

  /** The other party ends its side. */
  ends(): void {
    this.emit("end");
  }

  /** The other party takes so many bytes. Default: everything. */
  takes(count = Infinity): void {
    this.room += count;
    const waiting = this.#waiting;
    if (!waiting || this.room < waiting.bytes.length) return;
    this.#waiting = undefined;
    this.#accept(waiting.bytes);
    waiting.done();
  }

  override _write(chunk: Buffer | string, encoding: BufferEncoding, done: () => void): void {
    this.#write(typeof chunk === "string" ? Buffer.from(chunk, encoding) : chunk, done);
  }

  override _writev(
    chunks: readonly { readonly chunk: Buffer | string; readonly encoding: BufferEncoding }[],
    done: () => void,
  ): void {
    const pieces = chunks.map(({ chunk, encoding }) =>
      typeof chunk === "string" ? Buffer.from(chunk, encoding) : chunk,
    );
    this.#write(Buffer.concat(pieces), done);
  }

  override _read(): void {}

  override _final(done: () => void): void {
    this.finished = true;
    done();
  }

  #write(bytes: Buffer, done: () => void): void {
    if (this.room < bytes.length) {
      this.#waiting = { bytes, done };
      return;
    }
    this.#accept(bytes);
    done();
  }

  #accept(bytes: Buffer): void {
    this.room -= bytes.length;
    this.byteCount += bytes.length;
    this.#taken.push(Buffer.from(bytes));
  }
}
