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

/** A supervised node: process 1, cluster address 127.0.0.1:4201. */
function node(name: string, members: readonly MemberView[]): NodeStatus {
  const addresses = ["cluster://127.0.0.1:4201"];
  return { name, role: "worker", state: "active", pid: 1, addresses, revision: "abc", members };
}

const everyone = (): boolean => true;
const failed = { state: "failed", pid: null, addresses: [], members: [] } as const;

test("lists a worker that was started by hand once, after the supervised nodes", () => {
  const own = member("worker-1", { pid: 1, address: "127.0.0.1:4201" });
  const members = [own, member("worker-3", { state: "joining" })];
  const nodes = [node("worker-1", members), node("worker-2", members)];
  const status = clusterStatus(nodes, urls, everyone);
  assert.deepEqual(
    status.nodes.map(({ name, state, pid }) => [name, state, pid]),
    [
      ["worker-1", "active", 1],
      ["worker-2", "active", 1],
      ["worker-3", "starting", 7],
    ],
  );
});

test("shows a crashed node that was started again by hand as what runs now, in its place", () => {
  const crashed = { ...node("worker-1", []), ...failed };
  const seen = node("worker-2", [member("worker-1", { pid: 8 })]);
  const { nodes } = clusterStatus([crashed, seen], urls, everyone);
  assert.deepEqual(
    nodes.map(({ name, state, pid }) => [name, state, pid]),
    [
      ["worker-1", "active", 8],
      ["worker-2", "active", 1],
    ],
  );
});

test("shows a crashed node as failed while membership has not noticed yet", () => {
  const crashed = { ...node("worker-1", []), ...failed };
  const seen = node("worker-2", [member("worker-1", { pid: 8 })]);
  const { nodes } = clusterStatus([crashed, seen], urls, (pid) => pid !== 8);
  assert.deepEqual(
    nodes.map(({ name, state }) => [name, state]),
    [
      ["worker-1", "failed"],
      ["worker-2", "active"],
    ],
  );
});

test("lists a node of the same name that runs elsewhere beside the supervised one", () => {
  const elsewhere = member("worker-1", { pid: null, address: "10.0.0.9:4200" });
  const { nodes } = clusterStatus([node("worker-1", [elsewhere])], urls, everyone);
  assert.deepEqual(
    nodes.map(({ name, pid }) => [name, pid]),
    [
      ["worker-1", 1],
      ["worker-1", null],
    ],
  );
});

test("shows a leaving member as draining", () => {
  const status = clusterStatus(
    [node("a", [member("b", { state: "leaving", role: "manager" })])],
    urls,
    everyone,
  );
  assert.deepEqual([status.nodes[1]?.state, status.nodes[1]?.role], ["draining", "manager"]);
});

test("the start is over when nobody starts any more and all workers run the manager's revision", () => {
  const manager = { ...node("manager", []), role: "manager" } as const;
  const worker = node("worker-1", []);
  assert.equal(isSettled([manager, worker]), true);
  assert.equal(isSettled([manager, { ...worker, state: "starting" }]), false);
  assert.equal(isSettled([{ ...manager, state: "draining" }, worker]), false);
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
