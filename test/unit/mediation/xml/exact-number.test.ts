import assert from "node:assert/strict";
import { test } from "node:test";
import {
  isExactNumber,
  nearestNumber,
  parseJson,
  withDoubles,
} from "../../../../src/mediation/xml/exact-number.ts";
import { compileJsonPath } from "../../../../src/mediation/xml/json-path.ts";
import { jsonToXml } from "../../../../src/mediation/xml/json-to-xml.ts";
import { isObject } from "../../../../src/mediation/xml/json-value.ts";

const TEXT = '{"id":12345678901234567890,"list":[{"n":9007199254740993},{"n":5}],"small":1.5}';

test("a number with more digits than a double holds keeps them", () => {
  const value = parseJson(TEXT);
  assert.equal(JSON.stringify(value), TEXT);
  assert.ok(jsonToXml(value).startsWith("<jsonObject><id>12345678901234567890</id>"));
  assert.deepEqual(withDoubles(parseJson('[9007199254740993,"a"]')), [9_007_199_254_740_992, "a"]);
});

test("such a number is a leaf that compares as a number", () => {
  const value = parseJson(TEXT);
  const [id = null] = compileJsonPath("$.id").select(value);
  assert.ok(isExactNumber(id) && !isObject(id));
  assert.equal(nearestNumber(id), 12_345_678_901_234_567_000);
  const found = (path: string): string => JSON.stringify(compileJsonPath(path).select(value));
  assert.equal(found("$.list[?(@.n > 6)].n"), "[9007199254740993]");
  assert.equal(found("$.list[?(@.n == 9007199254740993)].n"), "[9007199254740993]");
  assert.equal(found("$.list[?(@.n == 5)].n"), "[5]");
  assert.equal(found("$.id.rawJSON"), "[]");
});

test("numbers that fit stay plain, digits in texts stay texts", () => {
  assert.deepEqual(parseJson('[1.5,"12345678901234567890",1234567890123456]'), [
    1.5,
    "12345678901234567890",
    1_234_567_890_123_456,
  ]);
  assert.throws(() => parseJson("[12345678901234567890"), SyntaxError);
});
