/** Waits for what ends a node: SIGTERM, SIGINT, SIGHUP (the terminal is gone), or the parent that started it being gone. */

export type StopReason = "SIGTERM" | "SIGINT" | "SIGHUP" | "parent gone";

/**
 * Resolves with the first reason to stop. A second signal ends the process at once with status 1, for a
 * person who will not wait. A parent that holds an IPC channel and dies counts as a stop: nodes of
 * `bascule up` never outlive it.
 */
export function untilStopped(): Promise<StopReason> {
  const { promise, resolve } = Promise.withResolvers<StopReason>();
  let stopping = false;
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1);
      stopping = true;
      resolve(signal);
    });
  }
  process.on("disconnect", () => resolve("parent gone"));
  return promise;
}
