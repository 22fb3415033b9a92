import assert from "node:assert/strict";
import { test } from "node:test";
import { javaFloatText, javaNumberText } from "../../../../src/mediation/message/java-number.ts";

test("numbers print as Java prints a double", () => {
  const cases: readonly (readonly [number, string])[] = [
    [2, "2.0"],
    [-2.5, "-2.5"],
    [0, "0.0"],
    [-0, "-0.0"],
    [0.001, "0.001"],
    [0.0001, "1.0E-4"],
    [9_999_999, "9999999.0"],
    [10_000_000, "1.0E7"],
    [1.25e21, "1.25E21"],
    [Number.NaN, "NaN"],
    [-Infinity, "-Infinity"],
  ];
  for (const [number, text] of cases) assert.equal(javaNumberText(number), text);
});

test("floats print with as few digits as tell them from other floats", () => {
  const cases: readonly (readonly [number, string])[] = [
    [123.123, "123.123"],
    [123.123456789, "123.12346"],
    [16_777_217, "1.6777216E7"],
    [0.1, "0.1"],
    [3.4e39, "Infinity"],
    [0, "0.0"],
  ];
  for (const [number, text] of cases) assert.equal(javaFloatText(number), text);
});
