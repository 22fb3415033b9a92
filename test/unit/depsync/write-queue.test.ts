/** One at a time. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WriteQueue } from "../../../src/depsync/write-queue.ts";

describe("WriteQueue", () => {
  it("runs one work at a time, in order, also after one that failed", async () => {
    const queue = new WriteQueue();
    const events: string[] = [];
    const work = (name: string) => async () => {
      events.push(`${name} starts`);
      await Promise.resolve();
      events.push(`${name} ends`);
      if (name === "a") throw new Error("a failed");
      return name;
    };
    const [a, b] = [queue.run(work("a")), queue.run(work("b"))];
    await assert.rejects(a, /a failed/);
    assert.equal(await b, "b");
    assert.deepEqual(events, ["a starts", "a ends", "b starts", "b ends"]);
  });
});
