/** Deadlines on one timer: never early, at most two ticks late, moved and taken back at no cost. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { TimerWheel } from "../../../../src/net/http1/timer-wheel.ts";
import { FakeClock } from "../../../helpers/fake-clock.ts";

test("calls each action once, not early and at most two ticks late, over many turns of the wheel", () => {
  const clock = new FakeClock();
  const wheel = new TimerWheel(clock);
  const delays = [0, 1, 49, 50, 51, 500, 25_600, 25_601, 60_000, 3_600_000];
  const called = new Map<number, number>();
  for (const delay of delays) {
    const deadline = wheel.deadline(() => {
      assert.equal(called.has(delay), false);
      called.set(delay, clock.monotonicMs());
    });
    deadline.set(delay);
  }
  clock.advance(3_600_100);
  for (const delay of delays) {
    const at = called.get(delay) ?? -1;
    assert.ok(at >= delay && at <= delay + 101, `${delay}: ${at}`);
  }
  assert.equal(clock.pendingCount, 0);
});

test("follows a deadline that moves later, earlier, or is taken back", () => {
  const clock = new FakeClock();
  const wheel = new TimerWheel(clock);
  const calls: string[] = [];
  const later = wheel.deadline(() => calls.push(`later ${clock.monotonicMs()}`));
  const sooner = wheel.deadline(() => calls.push(`sooner ${clock.monotonicMs()}`));
  const never = wheel.deadline(() => calls.push("never"));
  later.set(100);
  sooner.set(10_000);
  never.set(200);
  clock.advance(60);
  later.set(1_000);
  sooner.set(90);
  never.clear();
  clock.advance(30_000);
  assert.deepEqual(calls, ["sooner 200", "later 1100"]);
  later.set(100);
  clock.advance(200);
  assert.equal(calls.length, 3);
  clock.advance(100);
  assert.equal(clock.pendingCount, 0);
});
