/**
 * For processes that another one of this program has forked: they end with it, also while their own event loop stands
 * still, and are not ended by what is meant for it. Called once, at their start. A thread watches, which `--permission` has
 * to allow.
 */
import { Worker } from "node:worker_threads";

const WATCH_MS = 1_000;

/**
 * Ends this process when its parent has gone: at once while it is idle, else within a second. From now on it does not
 * heed SIGINT and SIGTERM, which a terminal or a service manager may send to all processes of a node that is still
 * working off what it has.
 */
export function endWithParent(): void {
  // The parent may be gone before the thread runs, so it is told who that was.
  const watch = `setInterval(() => {
    if (process.ppid !== ${process.ppid}) process.kill(process.pid, "SIGKILL");
  }, ${WATCH_MS});`;
  new Worker(watch, { eval: true }).unref();
  process.once("disconnect", () => process.exit(0));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, goOn);
}

function goOn(): void {
  // The parent decides when this process ends.
}
