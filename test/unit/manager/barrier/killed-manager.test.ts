/** A manager that is killed at any step of a deploy leaves "all old" or "all new", never something between. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DEPLOY_PHASES } from "../../../../src/manager/barrier/deploy-steps.ts";
import { ADMIN, killAt, makeBarrierWorld, proxy, settle } from "../../../helpers/barrier-world.ts";

/** From when on `live` has moved. */
const POINT_OF_NO_RETURN = "after live";
const STEPS = DEPLOY_PHASES.filter((phase) => phase !== "abandon").flatMap((phase) => [
  `before ${phase}`,
  `after ${phase}`,
]);

describe("a manager that is killed in a deploy", () => {
  for (const [index, step] of STEPS.entries()) {
    const isNew = index >= STEPS.indexOf(POINT_OF_NO_RETURN);
    it(`${step} leaves all workers on the ${isNew ? "new" : "old"} revision once the next one is there`, async () => {
      const world = await makeBarrierWorld(3);
      const { publisher, workers, store, start } = world;
      const before = await start().deploy(proxy("P"), ADMIN);
      assert.equal(before.kind, "deployed");
      const old = await publisher.live();
      const { onStep, killed } = killAt(step);
      void start({ onStep }).deploy(proxy("Q"), ADMIN);
      await killed;
      await settle();

      const next = start();
      await next.recover();
      const live = await publisher.live();
      assert.equal(live === old, !isNew);
      // Workers follow what is live, as they do on a timer and on announcements.
      assert.equal(world.announced.at(-1), live);
      for (const worker of workers.all) worker.running = live;
      assert.equal((await publisher.refs()).main, live);
      const rows = await store.journal.list(10);
      assert.deepEqual(
        rows.filter(({ outcome }) => outcome === "pending"),
        [],
      );
      const [row] = rows;
      if (step !== "before journal") assert.equal(row?.outcome, isNew ? "deployed" : "interrupted");

      const again = await next.deploy(proxy("R"), ADMIN);
      assert.equal(again.kind, "deployed");
      assert.deepEqual(workers.revisions, [await publisher.live()]);
      await world.close();
    });
  }

  it("while it gives up a refused candidate leaves all on the old revision", async () => {
    for (const step of ["before abandon", "after abandon"]) {
      const world = await makeBarrierWorld(2);
      const { publisher, workers, store, start } = world;
      await start().deploy(proxy("P"), ADMIN);
      const old = await publisher.live();
      const [first] = workers.all;
      if (first) first.behaviour = { kind: "failed", reason: "the disk is full" };
      const { onStep, killed } = killAt(step);
      void start({ onStep }).deploy(proxy("Q"), ADMIN);
      await killed;
      await settle();
      await start().recover();
      assert.equal(await publisher.live(), old);
      assert.deepEqual(workers.revisions, [old]);
      const [row] = await store.journal.list(1);
      assert.equal(row?.outcome, step === "after abandon" ? "failed" : "interrupted");
      await world.close();
    }
  });
});
