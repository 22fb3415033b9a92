import assert from "node:assert/strict";
import { test } from "node:test";
import { CallTookTooLong, timedCall } from "../../../src/mediation/timed-call.ts";

test("gives back what the function gives and throws what it throws", () => {
  assert.equal(
    timedCall(1_000, () => 7),
    7,
  );
  assert.throws(
    () =>
      timedCall(1_000, () => {
        throw new RangeError("own");
      }),
    /^RangeError: own$/,
  );
  assert.equal(
    timedCall(1_000, () => timedCall(1_000, () => "inner") + "!"),
    "inner!",
  );
});

test("ends a loop, a pattern and a built-in function that take too long", () => {
  const endless: readonly (() => unknown)[] = [
    () => {
      for (let turns = 0; ; turns += 1) if (turns < 0) return turns;
    },
    () => /^(a+)+$/.test(`${"a".repeat(50)}b`),
    () => {
      for (;;) "a".repeat(1_000).toUpperCase();
    },
  ];
  for (const action of endless) assert.throws(() => timedCall(50, action), CallTookTooLong);
  assert.equal(
    timedCall(1_000, () => "still there"),
    "still there",
  );
});
