import assert from "node:assert/strict";
import { test } from "node:test";
import { OrderedEnding } from "../../../src/cli/node-ending.ts";

test("a node that nothing would start again refuses to restart, with what can be done, and stops when told", async () => {
  const ending = new OrderedEnding({}, false);
  assert.match(
    ending.refusal("restart") ?? "",
    /nothing would start this node again.*BASCULE_SUPERVISOR/,
  );
  assert.equal(ending.refusal("stop"), undefined);
  ending.end("stop");
  assert.equal(await ending.ended, "stop");
});

test("a node of `bascule up`, or under a supervisor that says so, restarts", async () => {
  assert.equal(new OrderedEnding({}, true).refusal("restart"), undefined);
  const ending = new OrderedEnding({ BASCULE_SUPERVISOR: "systemd" }, false);
  assert.equal(ending.refusal("restart"), undefined);
  ending.end("restart");
  ending.end("stop");
  assert.equal(await ending.ended, "restart", "the first word counts");
});
