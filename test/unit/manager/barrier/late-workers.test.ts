import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { untilGatewaysConfirm } from "../../../../src/manager/barrier/gateway-confirmation.ts";
import { LateWorkers } from "../../../../src/manager/barrier/late-workers.ts";
import { ClusterWorkers } from "../../../../src/manager/barrier/live-workers.ts";
import {
  ADMIN,
  FakeWorker,
  makeBarrierWorld,
  proxy,
  settle,
} from "../../../helpers/barrier-world.ts";
import { FakeClock } from "../../../helpers/fake-clock.ts";
import { makeMember } from "../../../helpers/recording-cluster.ts";
import { ToldCluster } from "../../../helpers/told-cluster.ts";

function worker(name: string, revision?: string) {
  return { id: name, name, role: "worker", revision } as const;
}

describe("late workers", () => {
  it("stand in the manager's record until they run what is live, or leave", async () => {
    const cluster = new ToldCluster(makeMember({ properties: { machine: "m" } }));
    for (const name of ["w1", "w2", "w3"]) cluster.tell(worker(name, "old"));
    const late = new LateWorkers(cluster);
    late.begin("new", ["w1", "w2", "w3"]);
    assert.equal(cluster.self.revision, "new");
    assert.deepEqual(cluster.self.properties, { machine: "m", lateWorkers: "w1,w2,w3" });
    cluster.tell(worker("w1", "new"));
    assert.equal(cluster.self.properties["lateWorkers"], "w2,w3");
    cluster.leave("w2");
    assert.equal(cluster.self.properties["lateWorkers"], "w3");
    cluster.tell(worker("w3", "new"));
    assert.equal(cluster.self.properties["lateWorkers"], "");
    await late.close();
  });

  it("are told in the same change as the revision, so that no gateway sees one without the other", () => {
    const cluster = new ToldCluster(makeMember());
    cluster.tell(worker("w1", "old"));
    new LateWorkers(cluster).begin("new", ["w1"]);
    assert.equal(cluster.updates.length, 1);
  });

  it("are nobody who runs the revision already", () => {
    const cluster = new ToldCluster(makeMember());
    cluster.tell(worker("w1", "new"));
    const late = new LateWorkers(cluster);
    late.begin("new", ["w1", "gone"]);
    assert.deepEqual(late.names, []);
  });
});

describe("a gateway's confirmation", () => {
  const gateway = { id: "g", name: "gateway", role: "gateway" } as const;

  it("is waited for, for a bounded time", async () => {
    const clock = new FakeClock();
    const cluster = new ToldCluster(makeMember());
    cluster.tell({ ...gateway, revision: "old" });
    const confirmed = untilGatewaysConfirm(cluster, "new", { clock, timeoutMs: 5_000 });
    cluster.tell({ ...gateway, revision: "new" });
    assert.deepEqual(await confirmed, []);
    const never = untilGatewaysConfirm(cluster, "newer", { clock, timeoutMs: 5_000 });
    clock.advance(5_000);
    assert.deepEqual(await never, ["gateway"]);
  });
});

describe("a deploy in a cluster", () => {
  async function start() {
    const world = await makeBarrierWorld(0);
    const cluster = new ToldCluster(makeMember());
    const fakes = new Map(["w1", "w2"].map((name) => [name, new FakeWorker(name)]));
    const make = ({ name }: { readonly name: string }) => {
      const stage = fakes.get(name) ?? new FakeWorker(name);
      return Object.assign(stage, { close: () => {} });
    };
    const workers = new ClusterWorkers(cluster, { make });
    for (const name of fakes.keys()) cluster.tell(worker(name));
    const manager = world.start({ cluster, workers });
    return { ...world, cluster, fakes, manager };
  }

  it("waits for the gateways when a ready worker does not switch", async () => {
    const { cluster, fakes, manager, clock } = await start();
    cluster.tell({ id: "g", name: "gateway", role: "gateway", revision: undefined });
    const lost = fakes.get("w2");
    if (lost) lost.losesSwitch = true;
    let isDone = false;
    const deploy = manager.deploy(proxy("P"), ADMIN).finally(() => (isDone = true));
    await settle();
    cluster.tell(worker("w1", cluster.self.revision));
    await clock.advanceAsync(1_500, 250);
    assert.equal(cluster.self.properties["lateWorkers"], "w2");
    assert.equal(isDone, false);
    cluster.tell({ id: "g", revision: cluster.self.revision });
    const result = await deploy;
    assert.ok(result.kind === "deployed");
    assert.match(result.notes.join(), /w2 does not run the revision yet/);
    assert.deepEqual(manager.lateWorkers, ["w2"]);
  });

  it("names a worker late that joined while the others were asked", async () => {
    const { cluster, manager, fakes } = await start();
    const first = fakes.get("w1");
    if (first) first.behaviour = "hangs";
    const deploy = manager.deploy(proxy("P"), ADMIN);
    await settle();
    cluster.tell(worker("w3"));
    cluster.leave("w1", "silent");
    const result = await deploy;
    assert.ok(result.kind === "deployed");
    assert.deepEqual(
      result.workers.map(({ node, answer }) => [node, answer]),
      [
        ["w1", "left"],
        ["w2", "ready"],
      ],
    );
    assert.deepEqual(manager.lateWorkers, ["w3"]);
    cluster.tell(worker("w3", result.commit));
    assert.deepEqual(manager.lateWorkers, []);
  });
});
