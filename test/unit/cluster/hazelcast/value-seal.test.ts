import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { ValueSeal } from "../../../../src/cluster/hazelcast/value-seal.ts";

describe("sealed values", () => {
  const [old, young] = [randomBytes(32), randomBytes(32)];
  const text = Buffer.from("text");

  it("are opened by everyone with the key, at their own place only", () => {
    const sealed = new ValueSeal([old]).seal("here", text);
    assert.deepEqual(new ValueSeal([old]).open("here", sealed), text);
    assert.equal(new ValueSeal([old]).open("there", sealed), undefined);
    assert.equal(new ValueSeal([young]).open("here", sealed), undefined);
  });

  it("do not open when any byte was changed or they are cut off", () => {
    const seal = new ValueSeal([old]);
    const sealed = seal.seal("here", text);
    for (let index = 0; index < sealed.length; index += 1) {
      const changed = Buffer.from(sealed);
      changed[index] = (changed[index] ?? 0) ^ 1;
      assert.equal(seal.open("here", changed), undefined, `byte ${index}`);
      assert.equal(seal.open("here", sealed.subarray(0, index)), undefined, `${index} bytes`);
    }
  });

  it("never repeat a nonce", () => {
    const seal = new ValueSeal([old]);
    const heads = Array.from({ length: 100 }, () => seal.seal("here", text).toString("hex", 1, 29));
    assert.equal(new Set(heads).size, 100);
  });

  it("are opened on both sides while the secret is rotated", () => {
    const [before, between, after] = [[old], [young, old], [young]].map(
      (keys) => new ValueSeal(keys),
    );
    assert.ok(before && between && after);
    assert.deepEqual(between.open("here", before.seal("here", text)), text);
    assert.deepEqual(after.open("here", between.seal("here", text)), text);
    before.rotate([young]);
    assert.deepEqual(after.open("here", before.seal("here", text)), text);
  });

  it("hide names under each key, the first one first", () => {
    const both = new ValueSeal([young, old]).hide("session");
    assert.deepEqual(both, [
      ...new ValueSeal([young]).hide("session"),
      ...new ValueSeal([old]).hide("session"),
    ]);
    assert.ok(both.every((hidden) => !hidden.includes("session")));
  });
});
