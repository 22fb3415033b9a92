import assert from "node:assert/strict";
import { test } from "node:test";
import {
  jsonItems,
  jsonLocation,
  withJsonAt,
} from "../../../../src/mediation/xml/json-location.ts";

test("a path that names one place is a location, any other is none", () => {
  assert.deepEqual(jsonLocation("$"), []);
  assert.deepEqual(jsonLocation("json-eval($.a.b)"), ["a", "b"]);
  assert.deepEqual(jsonLocation("$.a[2]['c d']"), ["a", 2, "c d"]);
  for (const path of ["$..a", "$.a[*]", "$.*", "$.a[?(@.b)]", "a.b", "$.a[-1]"])
    assert.equal(jsonLocation(path), undefined, path);
});

test("a value is written at a location and the original stays as it was", () => {
  const value = { a: { b: [1, 2] }, c: true };
  assert.deepEqual(withJsonAt(value, ["a", "b", 1], "x"), { a: { b: [1, "x"] }, c: true });
  assert.deepEqual(withJsonAt(value, [], null), null);
  assert.deepEqual(withJsonAt(value, ["n", "m"], 1), { ...value, n: { m: 1 } });
  assert.deepEqual(value, { a: { b: [1, 2] }, c: true });
});

test("a name of Object's prototype is a name like any other", () => {
  const result = withJsonAt({}, ["__proto__", "x"], 1);
  assert.equal(JSON.stringify(result), '{"__proto__":{"x":1}}');
  assert.equal(Object.getPrototypeOf(result), Object.prototype);
});

test("loops run over the items of one array, else over every hit", () => {
  assert.deepEqual(jsonItems([[1, 2]]), [1, 2]);
  assert.deepEqual(jsonItems([{ a: 1 }]), [{ a: 1 }]);
  assert.deepEqual(jsonItems([[1], [2]]), [[1], [2]]);
});
