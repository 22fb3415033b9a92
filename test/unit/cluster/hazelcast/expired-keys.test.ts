import assert from "node:assert/strict";
import { test } from "node:test";
import { ExpiredKeys } from "../../../../src/cluster/hazelcast/expired-keys.ts";
import { ENTRY_GRACE_MS } from "../../../../src/cluster/hazelcast/hazelcast-timing.ts";
import { FakeClock } from "../../../helpers/fake-clock.ts";

test("a key is known as expired for as long as the store may hold its entry, and until it is written anew", () => {
  const clock = new FakeClock();
  const keys = new ExpiredKeys(clock);
  keys.add("a");
  clock.advance(ENTRY_GRACE_MS + 1_000);
  keys.add("b");
  assert.deepEqual([keys.has("a"), keys.has("b"), keys.has("c")], [true, true, false]);
  keys.delete("b");
  clock.advance(1_000);
  assert.deepEqual([keys.has("a"), keys.has("b")], [false, false]);
});

test("at the bound the oldest key is forgotten", () => {
  const keys = new ExpiredKeys(new FakeClock());
  for (let key = 0; key <= 100_000; key += 1) keys.add(`${key}`);
  assert.deepEqual([keys.has("0"), keys.has("1"), keys.has("100000")], [false, true, true]);
});
