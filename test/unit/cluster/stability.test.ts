/** When service ports may open: minimumPeers, the time-out, strict, what is reported and what /health/ready is told. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClusterEvents, Member } from "../../../src/cluster/cluster.ts";
import { Stability } from "../../../src/cluster/stability.ts";
import { STABILITY_DEFAULTS } from "../../../src/config/node-presence.ts";
import type { StabilityConfig } from "../../../src/config/node-config.ts";
import { FakeClock } from "../../helpers/fake-clock.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";
import { makeMember } from "../../helpers/recording-cluster.ts";

/** A membership that tests fill. */
class Room {
  readonly self = makeMember({ id: "self" });
  readonly others: Member[] = [];
  readonly #handlers = new Set<(member: Member) => void>();

  members(): readonly Member[] {
    return [this.self, ...this.others];
  }
  on<Name extends keyof ClusterEvents>(name: Name, handler: ClusterEvents[Name]): () => void {
    if (name !== "joined") return () => {};
    const call = handler as (member: Member) => void;
    this.#handlers.add(call);
    return () => void this.#handlers.delete(call);
  }
  join(state: Member["state"] = "joining"): void {
    const member = makeMember({ id: `m${this.others.length}`, state });
    this.others.push(member);
    for (const handler of this.#handlers) handler(member);
  }
  get handlerCount(): number {
    return this.#handlers.size;
  }
}

function start(given: Partial<StabilityConfig>) {
  const [membership, clock, log] = [new Room(), new FakeClock(), new MemoryLog()];
  const config = { ...STABILITY_DEFAULTS, ...given };
  const stability = new Stability({ membership, config, clock, log });
  const opened: { value?: boolean } = {};
  const settled = stability.untilOpen().then((value) => void (opened.value = value));
  return { room: membership, clock, log, stability, opened, settled };
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

test("with minimumPeers 0 the node waits for nobody and says nothing", async () => {
  const { stability, log, clock, settled } = start({});
  await settled;
  assert.deepEqual(stability.readiness, { missing: [], degraded: false });
  assert.deepEqual(log.lines, []);
  assert.equal(clock.pendingCount, 0);
});

test("opens when as many members are there, also such as only start themselves", async () => {
  const { room, stability, opened, clock } = start({ minimumPeers: 2 });
  room.join("joining");
  room.join("leaving");
  await turn();
  assert.equal(opened.value, undefined);
  assert.deepEqual(stability.readiness, { missing: ["1 of 2 peers"], degraded: false });
  room.join("active");
  await turn();
  assert.equal(opened.value, true);
  assert.deepEqual(stability.readiness, { missing: [], degraded: false });
  assert.deepEqual([clock.pendingCount, room.handlerCount], [0, 0]);
});

test("reports at once and in every interval what it waits for", () => {
  const { clock, log } = start({ minimumPeers: 3, stableReportIntervalMs: 1_000 });
  clock.advance(2_500);
  assert.deepEqual(log.messages(), [
    "Waiting to become stable: 3 of 3 peers missing for 0 s",
    "Waiting to become stable: 3 of 3 peers missing for 1 s",
    "Waiting to become stable: 3 of 3 peers missing for 2 s",
  ]);
});

test("at the time-out it opens and is degraded until the members are there", async () => {
  const { room, clock, log, stability, opened } = start({ minimumPeers: 1 });
  clock.advance(119_999);
  await turn();
  assert.equal(opened.value, undefined);
  clock.advance(1);
  await turn();
  assert.equal(opened.value, true);
  assert.deepEqual(stability.readiness, { missing: ["1 of 1 peers"], degraded: true });
  assert.match(log.messages("warn")[0] ?? "", /stabiliseTimeout.*degraded/);
  room.join();
  assert.deepEqual(stability.readiness, { missing: [], degraded: false });
  assert.equal(clock.pendingCount, 0);
});

test("at the time-out it ends where strict is set, with what was missing", async () => {
  const { clock, settled } = start({ minimumPeers: 1, strict: true });
  clock.advance(120_000);
  await assert.rejects(settled, { code: "CLUSTER_UNSTABLE", message: /1 of 1 peers missing/ });
});

test("without a time-out it waits for ever, and a node that stops ends the wait", async () => {
  const { clock, stability, opened, room } = start({ minimumPeers: 1, stabiliseTimeoutMs: 0 });
  clock.advance(1_000_000);
  await turn();
  assert.equal(opened.value, undefined);
  await stability.close();
  await turn();
  assert.equal(opened.value, false);
  assert.deepEqual([clock.pendingCount, room.handlerCount], [0, 0]);
});
