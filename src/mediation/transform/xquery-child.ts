/**
 * What the querying process runs: one query after the other, started and ended by `xquery-process.ts`. A process and
 * not a thread, because V8 ends the whole process when an allocation of some kinds fails (a string that is flattened, a regular
 * expression), whatever a thread's limits say; this one takes no message along.
 */
import { endWithParent } from "../../runtime/parent-watch.ts";
import { answerTo } from "./xquery-evaluation.ts";
import type { XQueryJob } from "./xquery-job.ts";

endWithParent();
process.on("message", (job: XQueryJob) => {
  process.send?.(answerTo(job), ignore);
});

function ignore(): void {
  // The node is gone: this process ends too.
}
