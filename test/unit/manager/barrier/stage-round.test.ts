/** Who is asked again within the stage timeout, and what is said of who never answers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { RevisionStage, StageAnswer } from "../../../../src/depsync/barrier/revision-stage.ts";
import { AppError } from "../../../../src/errors/app-error.ts";
import type { LiveWorkers } from "../../../../src/manager/barrier/live-workers.ts";
import { askToStage } from "../../../../src/manager/barrier/stage-round.ts";
import { settle } from "../../../helpers/barrier-world.ts";
import { FakeClock } from "../../../helpers/fake-clock.ts";

const REQUEST = { deployment: 7, commit: "a".repeat(40), live: undefined };
const TIMEOUT_MS = 5_000;
/** Of a worker that has not heard of the manager's certificate yet, as RemoteStage tells it. */
const STRANGER = new AppError("NODE_UNREACHABLE", "it takes this manager for none", {
  side: "peer",
  retryable: true,
});
const REFUSAL = new AppError("NODE_UNREACHABLE", "it runs an old version", { side: "peer" });

/** Asks one worker that answers as `answer` says; resolves with what came of it, when it was asked, and when it was over. */
async function ask(answer: (nowMs: number) => StageAnswer | AppError) {
  const clock = new FakeClock();
  const askedMs: number[] = [];
  const stage: Pick<RevisionStage, "stage"> = {
    stage: async () => {
      askedMs.push(clock.monotonicMs());
      const given = answer(clock.monotonicMs());
      if (given instanceof AppError) throw given;
      return given;
    },
  };
  const worker = { id: "w", name: "worker-1", stage: stage as RevisionStage };
  const workers: LiveWorkers = { ...NOBODY, list: () => [worker] };
  let endMs: number | undefined;
  const round = askToStage(REQUEST, new Set(), { workers, clock, timeoutMs: TIMEOUT_MS });
  const ended = round.then((staged) => {
    endMs = clock.monotonicMs();
    return staged[0]?.answer;
  });
  await settle();
  await clock.advanceAsync(2 * TIMEOUT_MS, 100);
  return { answer: await ended, askedMs, endMs };
}

const NOBODY: LiveWorkers = { list: () => [], onLeft: () => () => {} };

test("a worker that has not heard of the manager's certificate yet is asked again after a short pause", async () => {
  const { answer, askedMs } = await ask((nowMs) => (nowMs < 1_200 ? STRANGER : { kind: "ready" }));
  assert.equal(answer?.answer, "ready");
  assert.deepEqual(askedMs, [0, 500, 1_000, 1_500]);
});

test("one that never hears of it is silent when the stage timeout is over, and the reason is told", async () => {
  const { answer, askedMs, endMs } = await ask(() => STRANGER);
  assert.equal(answer?.answer, "silent");
  assert.match(answer?.reason ?? "", /did not answer within 5 s: it takes this manager for none$/);
  assert.deepEqual([askedMs.length, endMs], [10, TIMEOUT_MS]);
});

test("any other refusal is for good", async () => {
  const { answer, askedMs, endMs } = await ask(() => REFUSAL);
  assert.deepEqual([answer?.answer, askedMs, endMs], ["failed", [0], 0]);
});
