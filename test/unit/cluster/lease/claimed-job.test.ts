/** A process that stands still and goes on: its clock has moved, its timers have not run yet. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ClaimedJob } from "../../../../src/cluster/lease/claimed-job.ts";
import { LEASE_MS } from "../../../../src/cluster/lease/lease-timing.ts";
import type { LeaseGrant } from "../../../../src/cluster/lease.ts";
import { FakeClock } from "../../../helpers/fake-clock.ts";
import { PausableClock } from "../../../simulation/pausable-clock.ts";

function setUp() {
  const time = new FakeClock();
  const clock = new PausableClock(time, 0);
  const grants: LeaseGrant[] = [];
  let losses = 0;
  const holder = {
    gained: (grant: LeaseGrant) => void grants.push(grant),
    lost: () => void (losses += 1),
  };
  const job = new ClaimedJob("task T", holder, clock);
  const gain = (): LeaseGrant => {
    const { term = 0 } = job.request() ?? {};
    job.hold(term, clock.monotonicMs());
    const grant = grants.at(-1);
    assert.ok(grant);
    return grant;
  };
  return { time, clock, job, gain, losses: () => losses };
}

test("a grant that ran out while the process stood still is not held, before anybody has said that it is lost", () => {
  const { time, clock, gain, losses } = setUp();
  const grant = gain();
  assert.ok(grant.isHeld());
  clock.pause();
  time.advance(LEASE_MS);
  assert.equal(losses(), 0);
  assert.equal(grant.isHeld(), false);
  clock.resume();
  assert.equal(losses(), 1);
  assert.equal(grant.isHeld(), false);
});

test("a grant is held until its last renewal runs out", () => {
  const { time, job, gain } = setUp();
  const grant = gain();
  time.advance(LEASE_MS - 1);
  job.hold(job.request()?.term ?? 0, time.monotonicMs());
  time.advance(LEASE_MS - 1);
  assert.ok(grant.isHeld());
  time.advance(1);
  assert.equal(grant.isHeld(), false);
});

test("an old grant is not held again when the job is granted anew, nor after its release", () => {
  const { time, job, gain } = setUp();
  const old = gain();
  time.advance(LEASE_MS);
  const grant = gain();
  assert.ok(grant.term > old.term);
  assert.deepEqual([old.isHeld(), grant.isHeld()], [false, true]);
  job.end();
  assert.equal(grant.isHeld(), false);
});
