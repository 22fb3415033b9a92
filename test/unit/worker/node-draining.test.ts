import assert from "node:assert/strict";
import { test } from "node:test";
import { createLog } from "../../../src/observability/log.ts";
import { readDrainOrder } from "../../../src/worker/drain-order.ts";
import { NodeDraining } from "../../../src/worker/node-draining.ts";
import { FakeClock } from "../../helpers/fake-clock.ts";

function setUp(refusal?: string) {
  const clock = new FakeClock();
  const ends: string[] = [];
  let changes = 0;
  const draining = new NodeDraining({
    ending: { refusal: () => refusal, end: (how) => ends.push(how) },
    onChange: () => void (changes += 1),
    log: createLog({ node: "w", sinks: [] }),
    clock,
  });
  return { clock, ends, draining, changes: () => changes };
}

test("a worker that drains ends at the deadline, as it was told", () => {
  const { clock, ends, draining } = setUp();
  draining.drain({ deadlineMs: 60_000, after: "stop" });
  assert.deepEqual(draining.answer("active"), { state: "draining", leftMs: 60_000 });
  clock.advance(59_000);
  assert.deepEqual(ends, []);
  clock.advance(1_000);
  assert.deepEqual(ends, ["stop"]);
});

test("a second order replaces the first: the sessions are over", () => {
  const { clock, ends, draining, changes } = setUp();
  draining.drain({ deadlineMs: 600_000, after: "stay" });
  draining.drain({ deadlineMs: 0, after: "restart" });
  clock.advance(0);
  assert.deepEqual(ends, ["restart"]);
  assert.equal(changes(), 1, "the member was draining already");
});

test("one that stays goes on draining behind the deadline, until it is resumed", () => {
  const { clock, ends, draining, changes } = setUp();
  draining.drain({ deadlineMs: 1_000, after: "stay" });
  clock.advance(5_000);
  assert.deepEqual(draining.answer("active"), { state: "draining", leftMs: 0 });
  draining.resume();
  draining.resume();
  assert.deepEqual(draining.answer("joining"), { state: "joining" });
  assert.equal(changes(), 2);
  clock.advance(600_000);
  assert.deepEqual(ends, []);
});

test("a resumed worker does not end at the old deadline", () => {
  const { clock, ends, draining } = setUp();
  draining.drain({ deadlineMs: 1_000, after: "stop" });
  draining.resume();
  clock.advance(5_000);
  assert.deepEqual(ends, []);
  assert.equal(clock.pendingCount, 0);
});

test("what nothing would start again does not restart, and does not drain for it", () => {
  const { draining, changes } = setUp("nothing would start this node again");
  assert.throws(
    () => draining.drain({ deadlineMs: 0, after: "restart" }),
    /nothing would start this node again/,
  );
  assert.equal(draining.isDraining, false);
  draining.drain({ deadlineMs: 0, after: "stay" });
  assert.equal(changes(), 1);
});

test("an order that cannot be read is refused", () => {
  assert.deepEqual(readDrainOrder(JSON.parse('{"deadlineMs":5,"then":"stay"}')), {
    deadlineMs: 5,
    after: "stay",
  });
  for (const text of ["{}", '{"deadlineMs":-1,"then":"stay"}', '{"deadlineMs":1e99,"then":"stay"}'])
    assert.throws(() => readDrainOrder(JSON.parse(text)), /deadlineMs must be/);
  assert.throws(() => readDrainOrder(JSON.parse('{"deadlineMs":1,"then":"die"}')), /then must be/);
  assert.throws(() => readDrainOrder(undefined), /deadlineMs must be/);
});
