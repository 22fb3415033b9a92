import assert from "node:assert/strict";
import { test } from "node:test";
import { jsonPayload } from "../../../../src/mediation/message/payload-builder.ts";
import { MediationFault } from "../../../../src/mediation/mediation-fault.ts";
import { jsonDepth } from "../../../../src/mediation/xml/json-depth.ts";

test("counts open brackets and braces, not those in strings", () => {
  const cases: readonly (readonly [text: string, depth: number])[] = [
    ["1", 0],
    ["{}", 1],
    ['{"a":[1,{"b":2}],"c":[]}', 3],
    [String.raw`{"a":"[[[{\"[["}`, 1],
    ['["\\\\",[1]]', 2],
  ];
  for (const [text, depth] of cases) assert.equal(jsonDepth(text), depth, text);
});

test("a JSON message of 5,000 levels is a fault, not an overflow", () => {
  const text = `${"[".repeat(5_000)}${"]".repeat(5_000)}`;
  assert.throws(
    () => jsonPayload(text),
    (error) => error instanceof MediationFault && /nested deeper than 500/.test(error.message),
  );
});
