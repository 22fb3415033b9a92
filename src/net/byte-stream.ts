/**
 * Bytes that are still to come: bodies of requests and responses on their way through the engine, without Node's
 * streams, which cost more than the rest of a small message. One reader takes them, by calls; `false` from the
 * reader stops the side they come from (back-pressure). net/http-client.ts and service listeners make them.
 */

/** Whoever takes the bytes. After `onBodyEnd` or `onBodyFault` nothing more comes. */
export interface ByteSink {
  /**
   * @param stays the chunk is left as it is; else it may be overwritten after the call, and what is kept must be copied.
   * @returns false: no more until `resume`.
   */
  onBodyData(chunk: Buffer, stays: boolean): boolean;
  onBodyEnd(): void;
  /** The bytes broke off. */
  onBodyFault(error: Error): void;
}

/** It is read once: by `takeWhole` when that gives something, else by `consume`. */
export interface ByteStream {
  /** All of it, where all is here and nobody has taken it; it is the caller's then. Undefined: use `consume`. */
  takeWhole(): Buffer | undefined;
  /** Hands the bytes to their one reader: what is here already within the call. */
  consume(sink: ByteSink): void;
  /** The sink takes data again. */
  resume(): void;
  /** Nobody wants what is left; the source may stop. Safe at any time and more than once. */
  discard(): void;
}

/** More came than the reader of a body takes. */
export class BodyTooLarge extends Error {
  readonly bytesMax: number;

  constructor(bytesMax: number) {
    super(`the body is larger than ${bytesMax} bytes`);
    this.name = "BodyTooLarge";
    this.bytesMax = bytesMax;
  }
}

/** Reads a stream to its end. Rejects with BodyTooLarge, or with what the source reports. */
export function collectBytes(stream: ByteStream, bytesMax: number): Promise<Buffer> {
  const whole = stream.takeWhole();
  if (whole) {
    if (whole.length > bytesMax) return Promise.reject(new BodyTooLarge(bytesMax));
    return Promise.resolve(whole);
  }
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let length = 0;
  stream.consume({
    onBodyData(chunk, stays) {
      length += chunk.length;
      if (length <= bytesMax) {
        chunks.push(stays ? chunk : Buffer.from(chunk));
        return true;
      }
      chunks.length = 0;
      reject(new BodyTooLarge(bytesMax));
      stream.discard();
      return false;
    },
    onBodyEnd: () => resolve(Buffer.concat(chunks)),
    onBodyFault: reject,
  });
  return promise;
}
