import assert from "node:assert/strict";
import { test } from "node:test";
import { followerFixture, settle } from "../../helpers/follower-fixture.ts";

/** A worker that runs "one". */
async function running() {
  const world = followerFixture();
  world.source.wanted = "one";
  await world.follower.start();
  const stage = (commit: string) =>
    world.follower.stage({ deployment: 7, commit, live: world.follower.current?.revision });
  return { ...world, stage };
}

test("a candidate is made ready beside the running revision, and the switch asks nobody anything", async () => {
  const { source, follower, stage, switches } = await running();
  assert.deepEqual(await stage("two"), { kind: "ready" });
  assert.equal(follower.current?.revision, "one");
  source.wanted = new Error("everything is down");
  const switched = follower.activate("two");
  await settle();
  assert.equal(follower.current?.revision, "two");
  assert.deepEqual(await switched, { revision: "two" });
  assert.equal(switches.length, 2);
  assert.deepEqual(source.good, ["two", "one"]);
});

test("a request to switch without a manager's word that counts changes nothing: what the source says is live is followed", async () => {
  const { source, follower, stage, lines } = await running();
  source.seals = new Set(["a seal of two"]);
  await stage("two");
  assert.deepEqual(await follower.activate("two"), { revision: "one" });
  assert.deepEqual(await follower.activate("two", undefined, "a seal of one"), { revision: "one" });
  assert.match(lines.join(), /without a manager's word that it is live/);
  assert.deepEqual(await follower.activate("two", undefined, "a seal of two"), { revision: "two" });
});

test("a request to switch without it is answered by what is live by then", async () => {
  const { source, follower, stage } = await running();
  source.seals = new Set();
  await stage("two");
  source.wanted = "two";
  assert.deepEqual(await follower.activate("two"), { revision: "two" });
});

test("a faulty candidate is answered with file, line and reason, and never blocks the next good one", async () => {
  const { follower, stage, source } = await running();
  for (const [bad, good] of [
    ["bad 1", "good 1"],
    ["bad 2", "good 2"],
  ] as const) {
    const answer = await stage(bad);
    assert.equal(answer.kind, "faulty");
    assert.deepEqual(
      answer.kind === "faulty" && answer.problems.map(({ file, line }) => `${file}:${line}`),
      ["P.xml:3"],
    );
    assert.deepEqual(await stage(good), { kind: "ready" });
    source.wanted = good;
    assert.deepEqual(await follower.activate(good), { revision: good });
  }
});

test("a candidate that nobody known has signed is refused with the reason", async () => {
  const { source, stage, follower, compiled } = await running();
  source.untrusted.set("two", "commit two of mallory is not signed");
  assert.deepEqual(await stage("two"), {
    kind: "failed",
    reason: "commit two of mallory is not signed",
  });
  assert.equal(follower.current?.revision, "one");
  assert.ok(!compiled.includes("two"), "nothing of it may be compiled");
});

test("a candidate that cannot be fetched is answered as failed, and asked again it is tried again", async () => {
  const { source, stage } = await running();
  source.wanted = new Error("no route to host");
  assert.deepEqual(await stage("two"), { kind: "failed", reason: "no route to host" });
  source.wanted = "one";
  assert.deepEqual(await stage("two"), { kind: "ready" });
});

test("of two managers' candidates the later one wins, the first is told that it was replaced", async () => {
  const { source, stage, follower } = await running();
  const fetched = source.gate("fetch");
  const first = stage("two");
  await settle();
  const second = stage("three");
  const answer = await first;
  assert.match(answer.kind === "failed" ? answer.reason : "", /^replaced/);
  fetched();
  assert.deepEqual(await second, { kind: "ready" });
  source.wanted = "three";
  assert.deepEqual(await follower.activate("three"), { revision: "three" });
});

test("a ready candidate that a later one replaces is forgotten", async () => {
  const { stage, follower, source } = await running();
  await stage("two");
  await stage("three");
  assert.deepEqual(await follower.activate("two"), { revision: "one" });
  source.wanted = "two";
  assert.deepEqual(await follower.activate("two"), { revision: "two" });
});

test("asked twice for one candidate, by a manager that has lost the first answer, it is made once", async () => {
  const { stage, compiled } = await running();
  assert.deepEqual(await Promise.all([stage("two"), stage("two")]), [
    { kind: "ready" },
    { kind: "ready" },
  ]);
  assert.deepEqual(await stage("two"), { kind: "ready" });
  assert.equal(compiled.filter((one) => one === "two").length, 1);
});

test("an abandoned candidate is forgotten, also while it is being made", async () => {
  const { source, stage, follower, clock } = await running();
  const timers = clock.pendingCount;
  await stage("two");
  await follower.abandon("other");
  assert.equal(clock.pendingCount, timers + 1);
  await follower.abandon("two");
  assert.equal(clock.pendingCount, timers);
  const fetched = source.gate("fetch");
  const answer = stage("three");
  await settle();
  await follower.abandon("three");
  assert.deepEqual(await answer, { kind: "failed", reason: "abandoned by the manager" });
  fetched();
});

test("a candidate that nobody takes is forgotten after ten minutes", async () => {
  const { stage, compiled, clock, follower, source } = await running();
  await stage("two");
  clock.advance(10 * 60_000);
  await settle();
  source.wanted = "two";
  await follower.activate("two");
  assert.equal(compiled.filter((one) => one === "two").length, 2, "it was made anew");
  assert.equal(follower.current?.revision, "two");
});

test("told to switch to what was not staged here, it runs what is live", async () => {
  const { source, follower } = await running();
  source.wanted = "two";
  assert.deepEqual(await follower.activate("two"), { revision: "two" });
  assert.deepEqual(await follower.activate("three"), { revision: "two" });
});

test("a look that finds the staged candidate live just switches", async () => {
  const { source, follower, stage, compiled } = await running();
  await stage("two");
  source.wanted = "two";
  await follower.look();
  assert.equal(follower.current?.revision, "two");
  assert.equal(compiled.filter((one) => one === "two").length, 1);
});

test("a look that has read the old live before the switch does not take the worker back", async () => {
  const { source, follower, stage, switches } = await running();
  await stage("two");
  const answer = source.gate("live");
  const look = follower.look();
  await settle();
  await follower.activate("two");
  source.wanted = "two";
  answer();
  await look;
  assert.deepEqual(
    switches.map(({ revision }) => revision),
    ["one", "two"],
  );
});

test("a look that compiles when the switch comes does not take the worker back either", async () => {
  const { source, follower, stage, switches } = await running();
  await stage("two");
  source.wanted = "zero";
  const read = source.gate("read");
  const look = follower.look();
  await settle();
  await follower.activate("two");
  source.wanted = "two";
  read();
  await look;
  assert.deepEqual(
    switches.map(({ revision }) => revision),
    ["one", "two"],
  );
});

test("the revision that runs already is ready at once", async () => {
  const { stage, compiled } = await running();
  assert.deepEqual(await stage("one"), { kind: "ready" });
  assert.equal(compiled.length, 1);
});

test("a worker that stops takes no candidate and keeps nobody waiting", async () => {
  const { stage, follower, source, clock } = await running();
  source.gate("fetch");
  const pending = stage("two");
  await settle();
  await follower.close();
  assert.deepEqual(await pending, { kind: "failed", reason: "this worker is stopping" });
  assert.deepEqual(await stage("three"), { kind: "failed", reason: "this worker is stopping" });
  assert.equal(clock.pendingCount, 0);
});

test("tells what has become of messages, and leaves out services that none has reached", async () => {
  const { follower, outcomes } = await running();
  outcomes.push({ kind: "proxy-service", name: "P", messages: 5, faults: 2 });
  outcomes.push({ kind: "api", name: "A", messages: 0, faults: 0 });
  assert.deepEqual(await follower.outcomes(), {
    revision: "one",
    services: [{ kind: "proxy-service", name: "P", messages: 5, faults: 2 }],
  });
});
