import assert from "node:assert/strict";
import { test } from "node:test";
import { readyText } from "../../../src/cli/up/welcome.ts";
import type { NodeStatus } from "../../../src/runtime/node-status.ts";

function node(name: string, state: NodeStatus["state"]): NodeStatus {
  return { name, role: "worker", state, pid: null, addresses: [], revision: null, members: [] };
}

test("a start that some nodes did not survive is not simply called ready", () => {
  assert.equal(readyText([node("a", "active")], "2.5"), "Ready after 2.5 s");
  const text = readyText([node("a", "failed"), node("b", "active"), node("c", "failed")], "2.5");
  assert.match(text, /^Ready after 2\.5 s, but without a, c:/);
});
