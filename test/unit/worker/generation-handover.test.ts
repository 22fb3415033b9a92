import assert from "node:assert/strict";
import { test } from "node:test";
import { GenerationHandover, HANDOVER_MS } from "../../../src/worker/generation-handover.ts";
import { FakeClock } from "../../helpers/fake-clock.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";

function setUp() {
  const said: string[] = [];
  const log = new MemoryLog();
  const clock = new FakeClock();
  const afterSwitch = (): void => void said.push("settled");
  const handover = new GenerationHandover({ log, clock, afterSwitch });
  const generation = (name: string, until: Promise<void> = Promise.resolve()) => ({
    activate: async () => void said.push(`${name} begins`),
    retire: async () => {
      said.push(`${name} stops`);
      await until;
      said.push(`${name} over`);
    },
  });
  return { said, log, clock, handover, generation };
}

test("jobs wait until the node has begun", async () => {
  const { said, handover, generation } = setUp();
  handover.switchTo(generation("one"));
  await Promise.resolve();
  assert.deepEqual(said, []);
  await handover.begin();
  assert.deepEqual(said, ["one begins", "settled"]);
});

test("the next generation begins when the jobs of the last one are over", async () => {
  const { said, handover, generation } = setUp();
  const busy = Promise.withResolvers<void>();
  handover.switchTo(generation("one", busy.promise));
  await handover.begin();
  handover.switchTo(generation("two"));
  handover.switchTo(generation("three"));
  await new Promise((resolve) => void setImmediate(resolve));
  assert.equal(said.at(-1), "one stops");
  busy.resolve();
  await handover.begin();
  // The second was overtaken: it never begins.
  assert.deepEqual(said, [
    "one begins",
    "settled",
    "one stops",
    "one over",
    "three begins",
    "settled",
  ]);
});

test("a job that hangs holds the next generation up for a bounded time, and closing waits for it", async () => {
  const { said, clock, handover, generation } = setUp();
  const hung = Promise.withResolvers<void>();
  handover.switchTo(generation("one", hung.promise));
  await handover.begin();
  handover.switchTo(generation("two"));
  await new Promise((resolve) => void setImmediate(resolve));
  clock.advance(HANDOVER_MS);
  await handover.begin();
  assert.deepEqual(said.slice(2), ["one stops", "two begins", "settled"]);
  let isClosed = false;
  const closed = handover.close().then(() => (isClosed = true));
  await new Promise((resolve) => void setImmediate(resolve));
  assert.equal(isClosed, false);
  hung.resolve();
  await closed;
  assert.deepEqual(said.slice(5), ["two stops", "two over", "one over"]);
});

test("closing stops the jobs for good", async () => {
  const { said, handover, generation } = setUp();
  handover.switchTo(generation("one"));
  await handover.begin();
  await handover.close();
  handover.switchTo(generation("two"));
  await handover.close();
  assert.deepEqual(said, ["one begins", "settled", "one stops", "one over"]);
});

test("what goes wrong in a change is said and does not stop the next", async () => {
  const { said, log, handover, generation } = setUp();
  handover.switchTo({
    activate: () => Promise.reject(new Error("no way")),
    retire: () => Promise.resolve(),
  });
  await handover.begin();
  handover.switchTo(generation("two"));
  await handover.close();
  assert.ok(log.messages("error").some((line) => /no way/.test(line)));
  assert.deepEqual(said, []);
});
