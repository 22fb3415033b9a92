/**
 * The beginning of a body, looked at before anybody has taken it: the bytes go on to their reader afterwards, whole and in
 * order, with the same back-pressure. Used where the content of a message decides what it is for.
 */
import { ByteQueue } from "../../net/byte-queue.ts";
import type { ByteStream } from "../../net/byte-stream.ts";

export interface PeekedBody {
  readonly start: Buffer;
  /** The whole body, the start included. */
  readonly body: ByteStream | Buffer;
}

/**
 * Reads until `isEnough` says so, `bytesMax` are there, or the body ends or breaks off, whichever comes first. Never rejects: a fault
 * is told to whoever reads the body.
 * @param bytesMax less than what a ByteQueue keeps before it pauses its source (64 KB).
 */
export async function peekBody(
  body: ByteStream | Buffer,
  bytesMax: number,
  isEnough: (start: Buffer) => boolean,
): Promise<PeekedBody> {
  const whole = Buffer.isBuffer(body) ? body : body.takeWhole();
  if (whole) return { start: whole.subarray(0, bytesMax), body: whole };
  const stream = body as ByteStream;
  const { promise, resolve } = Promise.withResolvers<void>();
  let start: Buffer | undefined = Buffer.alloc(0);
  let seen = start;
  let isPaused = false;
  const queue = new ByteQueue({
    pause: () => void (isPaused = true),
    resume: () => {
      isPaused = false;
      stream.resume();
    },
    cancel: () => stream.discard(),
  });
  const finish = (): void => {
    start = undefined;
    resolve();
  };
  stream.consume({
    onBodyData(chunk, stays) {
      const kept = stays ? chunk : Buffer.from(chunk);
      queue.push(kept);
      if (start) {
        seen = start = Buffer.concat([start, kept]);
        if (start.length >= bytesMax || isEnough(start)) finish();
      }
      return !isPaused;
    },
    onBodyEnd() {
      queue.end();
      finish();
    },
    onBodyFault(error) {
      queue.fail(error);
      finish();
    },
  });
  await promise;
  return { start: seen, body: queue };
}
