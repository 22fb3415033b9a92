/** Joins two connections after an upgrade: bytes go both ways until both sides are closed. */
import type { Duplex } from "node:stream";

/** A side that ends its half lets the other half go on; a side that breaks takes the other with it. */
export function joinStreams(left: Duplex, right: Duplex): Promise<void> {
  pipe(left, right);
  pipe(right, left);
  return Promise.all([closed(left, right), closed(right, left)]).then(() => undefined);
}

function pipe(from: Duplex, to: Duplex): void {
  if (from.readableEnded) to.end();
  else from.pipe(to);
}

function closed(stream: Duplex, other: Duplex): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  stream.on("error", () => other.destroy());
  stream.once("close", () => {
    // What was written to the other side still goes out; then there is nobody left to listen to.
    other.end(() => other.destroy());
    resolve();
  });
  if (stream.destroyed) stream.emit("close");
  return promise;
}
