/** A process that stands still and goes on: its clock has moved, its watchdog has not fired yet. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { HazelcastLeases } from "../../../../src/cluster/hazelcast/hazelcast-lease.ts";
import { LEASE_TRUST_MS } from "../../../../src/cluster/hazelcast/hazelcast-timing.ts";
import type { StoreMap } from "../../../../src/cluster/hazelcast/store.ts";
import { ValueSeal } from "../../../../src/cluster/hazelcast/value-seal.ts";
import type { LeaseGrant } from "../../../../src/cluster/lease.ts";
import { FakeClock } from "../../../helpers/fake-clock.ts";
import { PausableClock } from "../../../simulation/pausable-clock.ts";

/** A map that nobody else uses. */
function lonelyMap(): StoreMap {
  const done = (): Promise<void> => Promise.resolve();
  return {
    set: done,
    get: () => Promise.resolve(undefined),
    replace: () => Promise.resolve(true),
    delete: done,
    keys: () => Promise.resolve([]),
    entries: () => Promise.resolve([]),
    listen: () => undefined,
    tryLock: () => Promise.resolve(true),
    unlock: done,
  };
}

test("a lock whose time ran out while the process stood still is not held, before anybody has said that it is lost", async () => {
  const time = new FakeClock();
  const clock = new PausableClock(time, 0);
  const seal = new ValueSeal([randomBytes(32)]);
  const parts = { locks: lonelyMap(), terms: lonelyMap(), seal, hasMajority: () => true, clock };
  const grants: LeaseGrant[] = [];
  let losses = 0;
  new HazelcastLeases(parts).claim("task T", {
    gained: (grant) => void grants.push(grant),
    lost: () => void (losses += 1),
  });
  await time.advanceAsync(100);
  const [grant] = grants;
  assert.ok(grant);
  assert.ok(grant.isHeld());
  clock.pause();
  await time.advanceAsync(LEASE_TRUST_MS);
  assert.deepEqual([losses, grant.isHeld()], [0, false]);
  clock.resume();
  await time.advanceAsync(100);
  assert.deepEqual([losses, grant.isHeld(), grants.length], [1, false, 2]);
});
