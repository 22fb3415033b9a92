/**
 * Between ByteStream and Node's streams, for those who have no other interface: undici's uploads of unknown length
 * and decompression. Back-pressure and the end, good or bad, pass through both ways.
 */
import { Readable } from "node:stream";
import { ByteQueue } from "./byte-queue.ts";
import type { ByteStream } from "./byte-stream.ts";

/** The stream as a Readable; destroying it discards the rest. */
export function readableOf(stream: ByteStream): Readable {
  let begun = false;
  let over = false;
  const readable = new Readable({
    read() {
      if (begun) return stream.resume();
      begun = true;
      stream.consume({
        onBodyData: (chunk, stays) => readable.push(stays ? chunk : Buffer.from(chunk)),
        onBodyEnd() {
          over = true;
          readable.push(null);
        },
        onBodyFault(error) {
          over = true;
          readable.destroy(error);
        },
      });
    },
    destroy(error, done) {
      if (!over) stream.discard();
      done(error);
    },
  });
  return readable;
}

/** A Readable as a stream; discarding it destroys the Readable. */
export function streamOf(readable: Readable): ByteStream {
  const queue = new ByteQueue({
    pause: () => void readable.pause(),
    resume: () => void readable.resume(),
    cancel: () => void readable.destroy(),
  });
  readable.on("data", (chunk: Buffer | string) => queue.push(Buffer.from(chunk)));
  readable.once("end", () => queue.end());
  readable.on("error", (error) => queue.fail(error));
  readable.once("close", () => queue.fail(new Error("the stream closed before its end")));
  return queue;
}
