import assert from "node:assert/strict";
import { test } from "node:test";
import { Grantor } from "../../../../src/cluster/lease/grantor.ts";
import type { LeaseRequest } from "../../../../src/cluster/lease/lease-frames.ts";
import { GRANT_MS, JOBS_MAX } from "../../../../src/cluster/lease/lease-timing.ts";
import { FakeClock } from "../../../helpers/fake-clock.ts";

function setUp() {
  const clock = new FakeClock();
  const grantor = new Grantor(clock);
  const ask = (kind: LeaseRequest["kind"], holder: string, term: number, job = "job") =>
    grantor.decide(holder, { kind, job, term }).isGranted;
  return { clock, grantor, ask };
}

test("a grantor that has just started grants nothing new, but lets a lease go on", () => {
  const { clock, ask } = setUp();
  assert.equal(ask("claim", "a", 1), false);
  assert.equal(ask("renew", "b", 5), true);
  clock.advance(GRANT_MS);
  assert.equal(ask("claim", "a", 5), false);
  assert.equal(ask("claim", "a", 6), true);
});

test("a job is one member's until the grant ends, and no term is granted twice", () => {
  const { clock, ask } = setUp();
  clock.advance(GRANT_MS);
  assert.equal(ask("claim", "a", 1), true);
  clock.advance(GRANT_MS - 1);
  assert.equal(ask("claim", "b", 2), false);
  assert.equal(ask("renew", "a", 1), true);
  clock.advance(GRANT_MS);
  assert.equal(ask("claim", "b", 1), false);
  assert.equal(ask("claim", "b", 2), true);
  assert.equal(ask("renew", "a", 1), false);
});

test("only the holder can release, and the term stays known", () => {
  const { clock, grantor, ask } = setUp();
  clock.advance(GRANT_MS);
  ask("claim", "a", 7);
  assert.equal(ask("release", "b", 7), false);
  assert.equal(ask("release", "a", 6), false);
  assert.equal(ask("release", "a", 7), true);
  const answer = grantor.decide("b", { kind: "claim", job: "job", term: 3 });
  assert.deepEqual(answer, { isGranted: false, term: 7 });
  assert.equal(ask("claim", "b", 8), true);
});

test("there is a bound of jobs; those that nobody holds make room", () => {
  const { clock, ask } = setUp();
  clock.advance(GRANT_MS);
  for (let job = 0; job < JOBS_MAX; job += 1) ask("claim", "a", 1, `job ${job}`);
  assert.equal(ask("claim", "a", 1, "one more"), false);
  ask("release", "a", 1, "job 5");
  assert.equal(ask("claim", "a", 1, "one more"), true);
});
