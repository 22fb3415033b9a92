import assert from "node:assert/strict";
import { test } from "node:test";
import { VersionVector, WRITERS_MAX } from "../../../../src/cluster/replication/version-vector.ts";

test("batches that follow on each other are taken; one after a gap is not", () => {
  const vector = new VersionVector();
  assert.equal(vector.take("a", 0, 5), true);
  assert.equal(vector.take("a", 5, 9), true);
  assert.equal(vector.take("a", 12, 15), false);
  assert.equal(vector.of("a"), 9);
});

test("once the gap is closed, what came after it counts too", () => {
  const vector = new VersionVector();
  vector.take("a", 0, 5);
  vector.take("a", 7, 9);
  vector.take("a", 9, 12);
  vector.merge(new Map([["a", 7]]));
  assert.equal(vector.of("a"), 12);
});

test("a second gap leaves only what is certain", () => {
  const vector = new VersionVector();
  vector.take("a", 3, 5);
  vector.take("a", 8, 9);
  vector.merge(new Map([["a", 3]]));
  assert.equal(vector.of("a"), 3);
  vector.merge(new Map([["a", 8]]));
  assert.equal(vector.of("a"), 9);
});

test("a copy lacks what another one has more of", () => {
  const vector = new VersionVector();
  vector.take("a", 0, 5);
  assert.equal(vector.lacks(new Map([["a", 5]])), false);
  assert.equal(vector.lacks(new Map([["a", 6]])), true);
  assert.equal(vector.lacks(new Map([["b", 1]])), true);
});

test("beyond the bound the writer whose last write is oldest is given up, and not missed", () => {
  const vector = new VersionVector();
  for (let writer = 1; writer <= WRITERS_MAX + 1; writer += 1)
    vector.merge(new Map([[`writer ${writer}`, writer * 10]]));
  assert.equal(vector.counters.size, WRITERS_MAX);
  assert.equal(vector.counters.has("writer 1"), false);
  assert.equal(vector.lacks(new Map([["writer 1", 10]])), false);
});
