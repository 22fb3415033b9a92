import assert from "node:assert/strict";
import { test } from "node:test";
import { READY } from "../../../src/cluster/stability.ts";
import { readyAnswer } from "../../../src/gateway/health-listener.ts";

test("a gateway that was removed from the cluster is not ready, though it serves until it has quit", () => {
  for (const state of ["active", "draining"] as const)
    assert.deepEqual(readyAnswer({ state, removed: true, readiness: READY }), {
      status: 503,
      body: { status: "removed", missing: "a registration" },
    });
  const served = readyAnswer({ state: "active", removed: false, readiness: READY });
  assert.equal(served.status, 200);
});
