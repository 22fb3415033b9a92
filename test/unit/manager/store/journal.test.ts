import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { NewDeployment } from "../../../../src/manager/store/journal.ts";
import { setUpStore } from "../../../../src/manager/store/store.ts";
import { FakeClock } from "../../../helpers/fake-clock.ts";

const ROW: NewDeployment = {
  who: "admin",
  via: "api",
  action: "deploy",
  artifacts: [],
  baseCommit: undefined,
  commit: "c",
  outcome: "deployed",
  problems: [],
};

describe("the deployment journal", () => {
  it("keeps the newest rows only", async () => {
    const clock = new FakeClock();
    const store = await setUpStore({ file: ":memory:", home: "/h", clock, journalRowsMax: 5 });
    for (let count = 0; count < 8; count += 1) await store.journal.add(ROW);
    assert.equal(await store.journal.find(3), undefined);
    assert.notEqual(await store.journal.find(4), undefined);
    await store.close();
  });

  it("bounds the problems of one row", async () => {
    const store = await setUpStore({ file: ":memory:", home: "/h", clock: new FakeClock() });
    const problem = { file: "f", line: 1, message: "m" };
    const problems = Array.from({ length: 1_000 }, () => problem);
    const id = await store.journal.add({ ...ROW, problems });
    assert.equal((await store.journal.find(id))?.problems.length, 200);
    await store.close();
  });

  it("keeps each worker's answer and the steps of a deploy, and lets them go with its row", async () => {
    const clock = new FakeClock();
    const store = await setUpStore({ file: ":memory:", home: "/h", clock, journalRowsMax: 2 });
    const { journal } = store;
    const id = await journal.add({ ...ROW, outcome: "pending" });
    const problems = [{ file: "f", line: 1, message: "m" }];
    const answers = [
      {
        node: "w1",
        answer: "ready",
        problems: [],
        reason: "",
        stageMs: 12,
        switchMs: 3,
        late: false,
      },
      {
        node: "w2",
        answer: "faulty",
        problems,
        reason: "r",
        stageMs: 5,
        switchMs: undefined,
        late: true,
      },
    ] as const;
    const phases = [{ phase: "stage", ms: 20 }];
    clock.advance(50);
    await journal.settle(id, { outcome: "refused", commit: "c", problems, answers, phases });
    assert.deepEqual(await journal.answers(id), answers);
    const row = await journal.find(id);
    assert.deepEqual(row?.phases, phases);
    assert.equal(row.finishedMs, row.atMs + 50);
    for (let count = 0; count < 2; count += 1) await journal.add(ROW);
    assert.deepEqual(await journal.answers(id), []);
    await store.close();
  });
});
