/** What a gateway tells in its own record: the live revision once it is enforced, sessions of draining workers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { COUNT_INTERVAL_MS, GatewayReports } from "../../../src/cli/gateway-reports.ts";
import type { NodeSessions } from "../../../src/gateway/upstream/upstream.ts";
import { FakeClock } from "../../helpers/fake-clock.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";
import { SimulatedMembership } from "../../helpers/simulated-membership.ts";

function open() {
  const [clock, log] = [new FakeClock(), new MemoryLog()];
  const properties = { processId: "7" };
  const cluster = new SimulatedMembership({ role: "gateway", revision: undefined, properties });
  const state = { isOnLive: false, live: undefined as string | undefined };
  let bound: readonly NodeSessions[] = [];
  let counts = 0;
  const gateway = () => ({
    isOnLive: state.isOnLive,
    boundTo(nodes: ReadonlySet<string>) {
      counts++;
      return bound.filter(({ node }) => nodes.has(node));
    },
  });
  const reports = new GatewayReports({ cluster, gateway, live: () => state.live, clock, log });
  const set = (next: readonly NodeSessions[]): void => void (bound = next);
  return { clock, log, cluster, state, reports, set, counted: () => counts };
}

function session(node: string, count: number, isShared = false): NodeSessions {
  return { node, isShared, bound: { count, oldestMs: count * 1_500 } };
}

test("tells the live revision when no request goes to another one any more, and not before", () => {
  const { cluster, state, reports } = open();
  reports.look();
  state.live = "b";
  reports.look();
  assert.equal(cluster.self.revision, undefined);
  state.isOnLive = true;
  reports.look();
  reports.look();
  assert.deepEqual(cluster.updates, [{ revision: "b" }]);
  [state.live, state.isOnLive] = ["c", false];
  reports.look();
  assert.equal(cluster.self.revision, "b");
});

test("tells the sessions of draining workers at once, then every two seconds, and takes them back", async () => {
  const { clock, cluster, reports, set, counted } = open();
  cluster.worker(1);
  reports.look();
  assert.deepEqual([cluster.updates.length, counted()], [0, 0]);
  set([session("worker-1", 2), session("worker-1", 1), session("worker-1", 4, true)]);
  cluster.worker(1, { state: "draining" });
  reports.look();
  const own = { processId: "7" };
  assert.deepEqual(cluster.self.properties, { ...own, "sessions.worker-1": "3/3+4/6" });
  set([]);
  reports.look();
  clock.advance(COUNT_INTERVAL_MS - 1);
  assert.equal(cluster.updates.length, 1);
  clock.advance(1);
  assert.equal(cluster.self.properties["sessions.worker-1"], "0/0");
  clock.advance(10 * COUNT_INTERVAL_MS);
  assert.equal(cluster.updates.length, 2);
  cluster.worker(1, { state: "active" });
  reports.look();
  assert.deepEqual(cluster.self.properties, own);
  const before = counted();
  clock.advance(10 * COUNT_INTERVAL_MS);
  assert.equal(counted(), before);
  await reports.close();
  assert.equal(clock.pendingCount, 0);
});

test("says unknown where clients keep what they are bound to", () => {
  const { cluster, reports, set } = open();
  set([{ node: "worker-1", isShared: false, bound: undefined }]);
  cluster.worker(1, { state: "draining" });
  reports.look();
  assert.equal(cluster.self.properties["sessions.worker-1"], "0/0 unknown");
});

test("tells of eight members at most, and a record that is too large is a warning", () => {
  const { cluster, reports, log } = open();
  for (let number = 1; number < 12; number++) cluster.worker(number, { state: "draining" });
  reports.look();
  assert.equal(Object.keys(cluster.self.properties).length, 1 + 8);
  cluster.update = () => {
    throw new Error("too large");
  };
  cluster.worker(1, { state: "active" });
  reports.look();
  assert.match(
    log.messages("warn").join(),
    /sessions of draining workers cannot be told: too large/,
  );
});
