import assert from "node:assert/strict";
import { test } from "node:test";
import { clusterStatus, isSettled } from "../../../src/cli/up/cluster-status.ts";
import type { MemberView, NodeStatus } from "../../../src/runtime/node-status.ts";

const urls = { services: "http://s/", servicesSecure: "https://s/", console: "https://c/" };

function member(name: string, over: Partial<MemberView> = {}): MemberView {
  return {
    id: `id-${name}`,
    name,
    role: "worker",
    address: "127.0.0.1:4200",
    state: "active",
    revision: "abc",
    pid: 7,
    addresses: ["http://127.0.0.1:8282"],
    ...over,
  };
}

function node(name: string, members: readonly MemberView[]): NodeStatus {
  return { name, role: "worker", state: "active", pid: 1, addresses: [], revision: "abc", members };
}

test("lists a worker that was started by hand once, after the supervised nodes", () => {
  const members = [member("worker-1"), member("worker-3", { state: "joining" })];
  const status = clusterStatus([node("worker-1", members), node("worker-2", members)], urls);
  assert.deepEqual(
    status.nodes.map(({ name, state, pid }) => [name, state, pid]),
    [
      ["worker-1", "active", 1],
      ["worker-2", "active", 1],
      ["worker-3", "starting", 7],
    ],
  );
});

test("shows a leaving member as draining", () => {
  const status = clusterStatus(
    [node("a", [member("b", { state: "leaving", role: "manager" })])],
    urls,
  );
  assert.deepEqual([status.nodes[1]?.state, status.nodes[1]?.role], ["draining", "manager"]);
});

test("the start is over when nobody starts any more and all workers run the manager's revision", () => {
  const manager = { ...node("manager", []), role: "manager" } as const;
  const worker = node("worker-1", []);
  assert.equal(isSettled([manager, worker]), true);
  assert.equal(isSettled([manager, { ...worker, state: "starting" }]), false);
  assert.equal(isSettled([manager, { ...worker, revision: "old" }]), false);
  assert.equal(isSettled([manager, { ...worker, state: "failed", revision: null }]), true);
  assert.equal(
    isSettled([
      { ...manager, state: "failed" },
      { ...worker, revision: "old" },
    ]),
    true,
  );
});
