import assert from "node:assert/strict";
import { test } from "node:test";
import type { CompileResult } from "../../../src/mediation/engine.ts";
import { createLog } from "../../../src/observability/log.ts";
import { type Generation, RevisionFollower } from "../../../src/worker/revision-follower.ts";
import type { RevisionSource, SourceRevision } from "../../../src/worker/revision-source.ts";
import { FakeClock } from "../../helpers/fake-clock.ts";

/** A source whose answers the test sets; an Error in `live` means that it cannot be reached. */
class FakeSource implements RevisionSource {
  readonly description = "the repository";
  live: string | Error | undefined;
  good: string | Error | undefined;
  looks = 0;
  isFull = false;

  async current(): Promise<SourceRevision | undefined> {
    this.looks += 1;
    if (this.live instanceof Error) throw this.live;
    return this.live === undefined ? undefined : revision(this.live);
  }
  async lastGood(): Promise<SourceRevision | undefined> {
    if (this.good instanceof Error) throw this.good;
    return this.good === undefined ? undefined : revision(this.good);
  }
  async rememberGood(id: string): Promise<void> {
    if (this.isFull) throw new Error("no space left on device");
    this.good = id;
  }
}

function revision(id: string): SourceRevision {
  return { id, files: [{ path: "P.xml", content: Buffer.from(id) }] };
}

/** Content that starts with "bad" is faulty. */
function compile(files: SourceRevision["files"]): CompileResult {
  const text = files[0]?.content.toString() ?? "";
  if (text.startsWith("bad")) {
    const problem = {
      file: "P.xml",
      line: 3,
      severity: "error",
      message: "no such mediator",
    } as const;
    return { kind: "faulty", problems: [problem] };
  }
  const handle = () => Promise.reject(new Error("not called"));
  const done = () => Promise.resolve();
  const artifacts = [{ kind: "proxy-service", name: "P", path: "P.xml" }] as const;
  return {
    kind: "compiled",
    engine: { artifacts, handle, activate: done, retire: done },
    warnings: [],
  };
}

function setUp() {
  const source = new FakeSource();
  const clock = new FakeClock();
  const lines: string[] = [];
  const switches: Generation[] = [];
  const follower = new RevisionFollower({
    source,
    compile,
    clock,
    tickMs: 15_000,
    onSwitch: (generation) => switches.push(generation),
    log: createLog({ node: "w", sinks: [{ write: (line) => lines.push(line) }] }),
  });
  return { source, clock, lines, switches, follower };
}

/** Lets the promises of a look run that a timer has started. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
}

test("starts on the last good revision when the repository cannot be reached", async () => {
  const { source, follower, lines } = setUp();
  source.good = "one";
  source.live = new Error("connection refused");
  await follower.start();
  assert.equal(follower.current?.revision, "one");
  assert.match(lines.join(""), /Cannot read the repository, trying again: connection refused/);
});

test("says once that the repository is away, and once that it is back", async () => {
  const { source, follower, clock, lines } = setUp();
  source.live = new Error("away");
  await follower.start();
  for (let second = 0; second < 5; second += 1) {
    clock.advance(1_000);
    await settle();
  }
  assert.equal(lines.filter((line) => line.includes("Cannot read")).length, 1);
  source.live = "one";
  clock.advance(1_000);
  await settle();
  assert.equal(follower.current?.revision, "one");
  assert.equal(lines.filter((line) => line.includes("can be reached again")).length, 1);
});

test("a faulty revision keeps the old one running and is told with file, line and reason, once", async () => {
  const { source, follower, lines, switches } = setUp();
  source.live = "one";
  await follower.start();
  source.live = "bad";
  await follower.look();
  await follower.look();
  assert.equal(follower.current?.revision, "one");
  assert.equal(switches.length, 1);
  assert.equal(lines.filter((line) => line.includes("no such mediator in P.xml:3")).length, 1);
  assert.deepEqual(follower.refused?.problems, ["no such mediator in P.xml:3"]);
});

test("the good revision after a faulty one is deployed, and one that was refused is tried again after it", async () => {
  const { source, follower } = setUp();
  source.live = "bad";
  await follower.start();
  source.live = "two";
  await follower.look();
  assert.equal(follower.current?.revision, "two");
  assert.equal(Boolean(follower.refused), false);
  source.live = "bad";
  await follower.look();
  assert.equal(follower.refused?.revision, "bad");
});

test("remembers what runs as the last good revision, never what was refused", async () => {
  const { source, follower } = setUp();
  source.live = "one";
  await follower.start();
  source.live = "bad";
  await follower.look();
  assert.equal(source.good, "one");
});

test("follows on the tick when every message is lost", async () => {
  const { source, follower, clock } = setUp();
  source.live = "one";
  await follower.start();
  source.live = "two";
  clock.advance(15_000);
  await settle();
  assert.equal(follower.current?.revision, "two");
});

test("a look that is asked for during a look is made after it, never beside it", async () => {
  const { source, follower } = setUp();
  source.live = "one";
  await follower.start();
  const before = source.looks;
  await Promise.all([follower.look(), follower.look(), follower.look()]);
  assert.equal(source.looks - before, 2);
});

test("looks no more once it is closed", async () => {
  const { source, follower, clock } = setUp();
  source.live = "one";
  await follower.start();
  await follower.close();
  const before = source.looks;
  clock.advance(60_000);
  await settle();
  assert.equal(source.looks, before);
});

test("a last good revision that cannot be read does not keep the worker from starting", async () => {
  const { source, follower, lines } = setUp();
  source.good = new Error("damaged");
  source.live = "one";
  await follower.start();
  assert.equal(follower.current?.revision, "one");
  assert.match(
    lines.join(""),
    /The last good revision cannot be read, starting without it: damaged/,
  );
});

test("a revision that cannot be remembered runs all the same, and the log says which disk's fault it is", async () => {
  const { source, follower, lines } = setUp();
  source.isFull = true;
  source.live = "one";
  await follower.start();
  assert.equal(follower.current?.revision, "one");
  assert.match(
    lines.join(""),
    /one runs but cannot be remembered for the next start: no space left/,
  );
  assert.doesNotMatch(lines.join(""), /Cannot read/);
});
