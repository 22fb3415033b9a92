import assert from "node:assert/strict";
import { test } from "node:test";
import { HeldWork } from "../../../../src/mediation/run/held-work.ts";

test("without held work the end comes at once, and endings are called once", async () => {
  const work = new HeldWork();
  const calls: string[] = [];
  work.atEnd(() => calls.push("ending"));
  await work.whenDone(() => calls.push("finish"));
  assert.deepEqual(calls, ["finish", "ending"]);
});

test("the end waits for all work, for work that failed and for work that was begun meanwhile", async () => {
  const work = new HeldWork();
  const first = Promise.withResolvers<void>();
  const second = Promise.withResolvers<void>();
  let finished = false;
  work.hold(first.promise);
  const done = work.whenDone(() => (finished = true));
  work.hold(second.promise);
  first.reject(new Error("a copy failed"));
  await new Promise((resolve) => void setImmediate(resolve));
  assert.equal(finished, false);
  second.resolve();
  await done;
  assert.equal(finished, true);
});
