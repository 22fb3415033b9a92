/** What goes on at once, and what has to be waited for. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { whenThere } from "../../../src/runtime/soon.ts";

void test("goes on within the call with a value that is there", () => {
  assert.equal(
    whenThere(2, (value) => value + 1),
    3,
  );
});

void test("goes on later with a value that is to come, and passes its failure on", async () => {
  const later = whenThere(Promise.resolve(2), (value) => value + 1);
  assert.ok(later instanceof Promise);
  assert.equal(await later, 3);
  const failed = whenThere(Promise.reject<number>(new Error("gone")), (value) => value + 1);
  await assert.rejects(async () => failed, /gone/);
});
