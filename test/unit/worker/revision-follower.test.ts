import assert from "node:assert/strict";
import { test } from "node:test";
import { followerFixture as setUp, settle } from "../../helpers/follower-fixture.ts";

test("starts on the last good revision when the repository cannot be reached", async () => {
  const { source, follower, lines } = setUp();
  source.good = ["one"];
  source.wanted = new Error("connection refused");
  await follower.start();
  assert.equal(follower.current?.revision, "one");
  assert.match(lines.join(""), /Cannot read the repository, trying again: connection refused/);
});

test("says once that the repository is away, and once that it is back", async () => {
  const { source, follower, clock, lines } = setUp();
  source.wanted = new Error("away");
  await follower.start();
  for (let second = 0; second < 5; second += 1) {
    clock.advance(1_000);
    await settle();
  }
  assert.equal(lines.filter((line) => line.includes("Cannot read")).length, 1);
  source.wanted = "one";
  clock.advance(1_000);
  await settle();
  assert.equal(follower.current?.revision, "one");
  assert.equal(lines.filter((line) => line.includes("can be reached again")).length, 1);
});

test("a faulty revision keeps the old one running and is told with file, line and reason, once", async () => {
  const { source, follower, lines, switches } = setUp();
  source.wanted = "one";
  await follower.start();
  source.wanted = "bad";
  await follower.look();
  await follower.look();
  assert.equal(follower.current?.revision, "one");
  assert.equal(switches.length, 1);
  assert.equal(lines.filter((line) => line.includes("no such mediator in P.xml:3")).length, 1);
  assert.deepEqual(follower.refused?.problems, ["no such mediator in P.xml:3"]);
});

test("the good revision after a faulty one is deployed, and one that was refused is tried again after it", async () => {
  const { source, follower } = setUp();
  source.wanted = "bad";
  await follower.start();
  source.wanted = "two";
  await follower.look();
  assert.equal(follower.current?.revision, "two");
  assert.equal(Boolean(follower.refused), false);
  source.wanted = "bad";
  await follower.look();
  assert.equal(follower.refused?.revision, "bad");
});

test("remembers what runs as the last good revision, never what was refused", async () => {
  const { source, follower } = setUp();
  source.wanted = "one";
  await follower.start();
  source.wanted = "bad";
  await follower.look();
  assert.deepEqual(source.good, ["one"]);
});

test("follows on the tick when every message is lost", async () => {
  const { source, follower, clock } = setUp();
  source.wanted = "one";
  await follower.start();
  source.wanted = "two";
  clock.advance(15_000);
  await settle();
  assert.equal(follower.current?.revision, "two");
});

test("a look that is asked for during a look is made after it, never beside it", async () => {
  const { source, follower } = setUp();
  source.wanted = "one";
  await follower.start();
  const before = source.looks;
  await Promise.all([follower.look(), follower.look(), follower.look()]);
  assert.equal(source.looks - before, 2);
});

test("looks no more once it is closed", async () => {
  const { source, follower, clock } = setUp();
  source.wanted = "one";
  await follower.start();
  await follower.close();
  const before = source.looks;
  clock.advance(60_000);
  await settle();
  assert.equal(source.looks, before);
});

test("a last good revision that cannot be read does not keep the worker from starting", async () => {
  const { source, follower, lines } = setUp();
  source.good = ["zero"];
  source.reads.set("zero", new Error("damaged"));
  source.wanted = "one";
  await follower.start();
  assert.equal(follower.current?.revision, "one");
  assert.match(lines.join(""), /The good revision zero cannot be read, going without it: damaged/);
});

test("a revision that cannot be remembered runs all the same, and the log says which disk's fault it is", async () => {
  const { source, follower, lines } = setUp();
  source.isFull = true;
  source.wanted = "one";
  await follower.start();
  assert.equal(follower.current?.revision, "one");
  assert.match(
    lines.join(""),
    /one runs but cannot be remembered for the next start: no space left/,
  );
  assert.doesNotMatch(lines.join(""), /Cannot read/);
});

test("a good revision that cannot be read, or is faulty under this version, gives way to the one before", async () => {
  const { source, follower, lines } = setUp();
  source.wanted = new Error("away");
  source.good = ["three", "bad two", "one"];
  source.reads.set("three", new Error("corrupt pack"));
  await follower.start();
  assert.equal(follower.current?.revision, "one");
  assert.match(lines.join(""), /The good revision three cannot be read.*corrupt pack/);
  assert.match(lines.join(""), /The good revision bad two is faulty under this version/);
  assert.match(lines.join(""), /Starting on the good revision one/);
});

test("a start on a good revision does not wait for a repository that does not answer", async () => {
  const { source, follower, clock } = setUp();
  source.good = ["one"];
  source.wanted = "two";
  const answer = source.gate("live");
  const started = follower.start();
  await settle();
  clock.advance(1_000);
  await started;
  assert.equal(follower.current?.revision, "one");
  answer();
  await follower.look();
  assert.equal(follower.current?.revision, "two");
});

test("a storm of messages costs two looks a second, and the last one is heeded", async () => {
  const { source, follower, clock } = setUp();
  source.wanted = "one";
  await follower.start();
  clock.advance(5_000);
  const before = source.looks;
  for (let message = 0; message < 100; message += 1) {
    follower.lookSoon();
    if (message === 98) source.wanted = "two";
    await clock.advanceAsync(10);
  }
  await clock.advanceAsync(1_000, 100);
  assert.ok(source.looks - before <= 2, `${source.looks - before} looks`);
  assert.equal(follower.current?.revision, "two");
});

test("a wall clock that is hours off, and jumps, changes nothing", async () => {
  for (const hours of [-7, 7]) {
    const { source, follower, clock } = setUp();
    source.wanted = "one";
    await follower.start();
    clock.wallStartMs += hours * 3_600_000;
    source.wanted = "two";
    clock.advance(14_000);
    await settle();
    assert.equal(follower.current?.revision, "one");
    clock.advance(1_000);
    await settle();
    assert.equal(follower.current?.revision, "two");
  }
});

test("what is live and not trusted is told once, and runs as soon as its signer is known", async () => {
  const { source, follower, clock, lines } = setUp();
  source.wanted = "one";
  await follower.start();
  source.wanted = "two";
  source.untrusted.set("two", "it is not signed");
  await follower.look();
  await follower.look();
  assert.equal(follower.current?.revision, "one");
  assert.deepEqual(follower.refused, { revision: "two", problems: ["it is not signed"] });
  assert.equal(lines.filter((line) => line.includes("two is not trusted")).length, 1);
  source.untrusted.clear();
  clock.advance(15_000);
  await settle();
  assert.equal(follower.current?.revision, "two");
});

test("what somebody has taken from the worker's folder is remembered again at the next look", async () => {
  const { source, follower } = setUp();
  source.wanted = "one";
  await follower.start();
  source.good = [];
  await follower.look();
  assert.deepEqual(source.good, ["one"]);
});

test("runs the last good revision while the node joins its cluster, and asks the source only then", async () => {
  const { source, follower } = setUp();
  source.good = ["one"];
  source.wanted = "two";
  const joining = Promise.withResolvers<void>();
  const starting = follower.start(joining.promise);
  await settle();
  assert.deepEqual([follower.current?.revision, source.looks], ["one", 0]);
  joining.resolve();
  await starting;
  assert.equal(follower.current?.revision, "two");
});

test("does not fall back to the last good revision where a message has brought a newer one first", async () => {
  const { source, follower, switches } = setUp();
  const told = Promise.withResolvers<readonly string[]>();
  source.goodRevisions = () => told.promise;
  source.wanted = "two";
  const starting = follower.start();
  follower.lookSoon();
  await settle();
  told.resolve(["one"]);
  await starting;
  assert.deepEqual(
    switches.map(({ revision }) => revision),
    ["two"],
  );
});

test("a node that cannot join starts nothing, and runs nothing once it is closed", async () => {
  const { source, follower, switches } = setUp();
  source.good = ["one"];
  const starting = follower.start(Promise.reject(new Error("no port is free")));
  await assert.rejects(starting, /no port is free/);
  await follower.close();
  await settle();
  assert.deepEqual([switches.length, source.looks], [0, 0]);
});
