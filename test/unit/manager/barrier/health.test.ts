import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { boundedOutcomes } from "../../../../src/depsync/barrier/bounded-answers.ts";
import {
  servicesAtStake,
  sumOutcomes,
  verdictOf,
} from "../../../../src/manager/barrier/health-verdict.ts";
import { ADMIN, makeBarrierWorld, proxy, settle } from "../../../helpers/barrier-world.ts";
import { proxyPath } from "../../../helpers/toy-compile.ts";

function counts(name: string, messages: number, faults: number) {
  return [{ kind: "proxy-service", name, messages, faults }] as const;
}

function sum(name: string, messages: number, faults: number) {
  return sumOutcomes([{ revision: "r", services: counts(name, messages, faults) }], "r");
}

describe("the verdict over a deploy", () => {
  it("needs five faults and a share that is 0.2 larger than before", () => {
    const cases = [
      [sum("P", 100, 0), sum("P", 5, 5), true],
      [sum("P", 100, 0), sum("P", 4, 4), false],
      [sum("P", 100, 0), sum("P", 100, 19), false],
      [sum("P", 100, 0), sum("P", 100, 20), true],
      [sum("P", 100, 50), sum("P", 100, 60), false],
      [sum("P", 100, 50), sum("P", 100, 71), true],
      [new Map(), sum("P", 10, 5), true],
    ] as const;
    for (const [before, after, isWorse] of cases)
      assert.equal(verdictOf(before, after, "all") !== undefined, isWorse);
  });

  it("says numbers, and looks at the services at stake only", () => {
    const after = sum("P", 10, 9);
    assert.equal(verdictOf(new Map(), after, [{ kind: "proxy-service", name: "Q" }]), undefined);
    assert.match(verdictOf(sum("P", 4, 1), after, "all") ?? "", /P: 9 of 10 .*90 %.*25 %/);
  });

  it("knows a service whose name is too long for an answer by what answers tell of it", () => {
    const name = "n".repeat(3_000);
    const told = boundedOutcomes({ revision: "r", services: counts(name, 10, 9) });
    const after = sumOutcomes([told], "r");
    const atStake = [{ kind: "proxy-service", name }] as const;
    assert.match(verdictOf(new Map(), after, atStake) ?? "", /9 of 10/);
    assert.match(verdictOf(new Map(), sum(name, 10, 9), atStake) ?? "", /9 of 10/);
  });

  it("counts only workers that run the revision", () => {
    const other = { revision: "old", services: counts("P", 100, 100) };
    assert.equal(sumOutcomes([other], "new").size, 0);
  });
});

describe("the services at stake", () => {
  const artifact = (kind: "proxy-service" | "sequence" | "api", name: string, path: string) => ({
    files: new Map(),
    problems: [],
    warnings: [],
    artifacts: [{ kind, name, path }],
  });
  const nothing = { files: new Map(), problems: [], warnings: [], artifacts: [] };

  it("are the changed ones themselves, or all where something is shared", () => {
    const path = proxyPath("P");
    const P = artifact("proxy-service", "P", path);
    assert.deepEqual(servicesAtStake([path], nothing, P), [{ kind: "proxy-service", name: "P" }]);
    assert.deepEqual(servicesAtStake([path], P, nothing), []);
    const shared = "synapse-configs/default/sequences/S.xml";
    assert.equal(servicesAtStake([shared], nothing, artifact("sequence", "S", shared)), "all");
    assert.equal(servicesAtStake(["registry/config/a.xslt"], nothing, nothing), "all");
    assert.deepEqual(servicesAtStake(["README.md", ".bascule/x"], nothing, nothing), []);
    const car = "carbonapps/A_1.0.0.car";
    const app = artifact("api", "X", `${car}!/X_1.0.0/X.xml`);
    assert.deepEqual(servicesAtStake([car], nothing, app), [{ kind: "api", name: "X" }]);
  });
});

describe("the health window", () => {
  it("takes a deploy back whose services fail: live goes back by the same barrier, main stays", async () => {
    const { start, publisher, workers, clock, store } = await makeBarrierWorld(2);
    const manager = start({ healthWindowMs: 30_000 });
    await manager.deploy(proxy("P"), ADMIN);
    const good = await publisher.live();
    const bad = await manager.deploy(proxy("P", "<target><other/></target>"), ADMIN);
    assert.ok(bad.kind === "deployed");
    for (const worker of workers.all) worker.counts = counts("P", 10, 9);
    await clock.advanceAsync(1_500, 500);
    await settle();
    assert.deepEqual(await publisher.refs(), { live: good, main: bad.commit });
    assert.deepEqual(workers.revisions, [good]);
    const row = await store.journal.find(bad.deployment);
    assert.equal(row?.outcome, "reverted");
    assert.match(row.problems[0]?.message ?? "", /18 of 20 messages ended in a fault/);
    const [revert] = await store.journal.list(1);
    assert.deepEqual(
      [revert?.action, revert?.outcome, revert?.commit],
      ["revert", "deployed", good],
    );
    // What was taken back is not tried again, and does not block the next one.
    assert.equal(await manager.lookAtMain(), undefined);
    for (const worker of workers.all) worker.counts = [];
    const next = await manager.deploy(proxy("Q"), ADMIN);
    assert.ok(next.kind === "deployed");
    assert.deepEqual(publisher.commits.at(-1)?.parents, [good, bad.commit]);
    await manager.close();
  });

  it("ends in peace after its time, and is off at 0", async () => {
    for (const healthWindowMs of [0, 5_000]) {
      const { start, publisher, workers, clock } = await makeBarrierWorld(1);
      const manager = start({ healthWindowMs });
      await manager.deploy(proxy("P"), ADMIN);
      await manager.deploy(proxy("Q"), ADMIN);
      const live = await publisher.live();
      await clock.advanceAsync(6_000, 500);
      for (const worker of workers.all) worker.counts = counts("Q", 10, 10);
      await clock.advanceAsync(6_000, 500);
      await settle();
      assert.equal(await publisher.live(), live);
      assert.equal(clock.pendingCount, 0);
      await manager.close();
    }
  });
});
