import assert from "node:assert/strict";
import { test } from "node:test";
import { Slots } from "../../../src/runtime/slots.ts";

test("slots are used again, and only what is in them is visited", () => {
  const slots = new Slots<{ readonly name: string }>();
  const first = slots.add({ name: "a" });
  slots.add({ name: "b" });
  slots.remove(first);
  assert.equal(slots.add({ name: "c" }), first);
  const seen: string[] = [];
  slots.forEach(({ name }) => seen.push(name));
  assert.deepEqual([seen, slots.count], [["c", "b"], 2]);
});
