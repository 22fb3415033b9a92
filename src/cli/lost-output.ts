/**
 * Standard output and standard error that cannot be written any more: the reader of a pipe has ended, the disk
 * is full. Nodes go on without them (they have log files), commands end as they would have.
 */
import { systemCodeOf } from "../errors/app-error.ts";

/** Keeps the process alive when its output fails; called once, before a command runs. */
export function surviveLostOutput(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
}

/** Resolves when the reader of standard output has gone away, which shows at the next line. */
export function untilOutputClosed(): Promise<"output closed"> {
  const { promise, resolve } = Promise.withResolvers<"output closed">();
  process.stdout.on("error", (error) => {
    if (systemCodeOf(error) === "EPIPE") resolve("output closed");
  });
  return promise;
}
