/**
 * The worker of engine-worker.ts, with an ear for its parent: whatever message comes over Node's IPC channel is answered
 * with the memory of the process after a collection of garbage. Arguments as there; needs --expose-gc.
 */
await import("./engine-worker.ts");

process.on("message", () => {
  globalThis.gc?.();
  process.send?.(process.memoryUsage());
});
process.once("disconnect", () => process.exit(0));
