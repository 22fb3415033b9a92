/** `startCluster` with the provider "hazelcast", as nodes call it. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Cluster } from "../../../src/cluster/cluster.ts";
import { startCluster } from "../../../src/cluster/start-cluster.ts";
import { type Clock, sleep, systemClock } from "../../../src/runtime/clock.ts";
import { HazelcastDouble } from "../../helpers/hazelcast-double/hazelcast-double.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";

describe("a start with the provider hazelcast", () => {
  const double = new HazelcastDouble("start.double");
  const running: Cluster[] = [];
  before(() => double.start());
  after(async () => {
    await Promise.all(running.map((cluster) => cluster.close()));
    await double.stop();
  });

  async function start(change: Partial<Parameters<typeof startCluster>[0]>, log = new MemoryLog()) {
    const cluster = await startCluster({
      provider: "hazelcast",
      domain: "start.double",
      localMemberHost: "127.0.0.1",
      localMemberPort: 0,
      members: [],
      groupPassword: "secret",
      self: { role: "worker", subDomain: "worker", ports: {}, properties: {} },
      hazelcast: { members: [double.address], command: undefined, folder: "" },
      log,
      clock: systemClock,
      ...change,
    });
    running.push(cluster);
    return cluster;
  }

  it("joins over hazelcastMembers, or over the well-known members where there are none", async () => {
    const first = await start({});
    const second = await start({
      members: [double.address],
      hazelcast: { members: [], command: undefined, folder: "" },
    });
    assert.equal(second.members().length, 2);
    assert.equal(second.coordinator().id, first.self.id);
    assert.equal(second.trouble, undefined);
  });

  it("makes no member whose clock is hours behind the coordinator", async () => {
    const first = await start({ domain: "start.double" });
    await sleep(systemClock, 1500);
    const clock = behind(5 * 3_600_000);
    const second = await start({ clock });
    for (let waitedMs = 0; isBefore(second, first) && waitedMs < 3000; waitedMs += 20)
      await sleep(systemClock, 20);
    assert.deepEqual([isBefore(second, first), isBefore(first, second)], [false, true]);
  });

  it("warns when there is no groupPassword", async () => {
    const log = new MemoryLog();
    const alone = await start({ groupPassword: undefined }, log);
    assert.match(log.messages("warn")[0] ?? "", /^no groupPassword is set: .*"start\.double"/);
    assert.equal(alone.members().length, 1);
  });

  it("says what to write when there is no address", async () => {
    const hazelcast = { members: [], command: undefined, folder: "" };
    await assert.rejects(start({ hazelcast }), {
      code: "CLUSTER_START",
      message: /has no address to connect to: list Hazelcast members in .*hazelcastMembers/,
    });
  });
});

const isBefore = (one: Cluster, other: Cluster): boolean =>
  one.self.startedAtMs < other.self.startedAtMs;

/** The clock of the machine with another wall time. */
function behind(ms: number): Clock {
  return { ...systemClock, wallMs: () => systemClock.wallMs() - ms };
}
