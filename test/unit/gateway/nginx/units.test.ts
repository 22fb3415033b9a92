import assert from "node:assert/strict";
import { test } from "node:test";
import {
  DURATION_MS_MAX,
  parseDurationMs,
  parseFlag,
  parseNumber,
  parseSize,
} from "../../../../src/gateway/nginx/units.ts";

test("reads durations with falling units, seconds without one", () => {
  const cases = {
    "60": 60_000,
    "5m": 300_000,
    "1h 30m": 5_400_000,
    "1m30": 90_000,
    "500ms": 500,
    "0": 0,
  };
  for (const [text, value] of Object.entries(cases))
    assert.equal(parseDurationMs(text), value, text);
  for (const text of ["", "m", "5x", "1m 1h", "1s 2s", "-1"]) {
    assert.equal(parseDurationMs(text), undefined, text);
  }
});

test("cuts durations to what a timer can wait", () => {
  assert.equal(parseDurationMs("1y"), DURATION_MS_MAX);
});

test("reads sizes with k, m and g in either case", () => {
  const cases = { "0": 0, "512": 512, "8k": 8192, "1M": 1_048_576, "2g": 2_147_483_648 };
  for (const [text, value] of Object.entries(cases)) assert.equal(parseSize(text), value, text);
  for (const text of ["", "k", "1kb", "1.5m", "-1"]) assert.equal(parseSize(text), undefined, text);
});

test("reads numbers and flags strictly", () => {
  assert.deepEqual(
    [parseNumber("12"), parseNumber("1x"), parseNumber("")],
    [12, undefined, undefined],
  );
  assert.deepEqual([parseFlag("ON"), parseFlag("off"), parseFlag("yes")], [true, false, undefined]);
});
