import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ClusterSecrets } from "../../../../src/cluster/secrets.ts";
import { setUpStore } from "../../../../src/manager/store/store.ts";
import { Acknowledgements } from "../../../../src/manager/trust/acknowledgements.ts";
import { SecretRotation } from "../../../../src/manager/trust/secret-rotation.ts";
import { FakeClock } from "../../../helpers/fake-clock.ts";
import { MemoryLog } from "../../../helpers/memory-log.ts";

async function world() {
  const clock = new FakeClock();
  const store = await setUpStore({ file: ":memory:", home: "/nowhere", clock });
  const secrets = new ClusterSecrets(["old"]);
  const acknowledgements = new Acknowledgements(clock);
  const steps: (readonly string[])[] = [];
  const make = (live: readonly string[] = []): SecretRotation =>
    new SecretRotation({
      records: store.trust,
      secrets,
      acknowledgements,
      live: () => live,
      publish: async (all) => {
        steps.push(all);
        await secrets.replace(all);
        return steps.length;
      },
      log: new MemoryLog(),
      clock,
    });
  /** Lets promises and timers come to their turn for some time. */
  const pass = async (ms: number): Promise<void> => {
    for (let at = 0; at < ms; at += 50) {
      for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
      clock.advance(50);
    }
    for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
  };
  return { clock, store, secrets, acknowledgements, steps, make, pass };
}

describe("a rotation of the secret", () => {
  it("opens with both, seals with the new one, drops the old one", async () => {
    const { make, steps, pass, secrets } = await world();
    const rotation = make();
    await rotation.begin();
    await pass(3_000);
    const [fresh = ""] = secrets.all;
    assert.deepEqual(steps, [["old", fresh], [fresh, "old"], [fresh]]);
    assert.equal(rotation.isRunning, false);
  });

  it("waits at each step for every node that is present or live, and not for ever", async () => {
    const { make, steps, pass, acknowledgements } = await world();
    const rotation = make(["wrk-1"]);
    await rotation.begin();
    await pass(5_000);
    assert.equal(steps.length, 1);
    acknowledgements.note("wrk-1", 1);
    await pass(500);
    assert.equal(steps.length, 2);
    await pass(70_000);
    assert.equal(steps.length, 3);
    assert.equal(rotation.isRunning, false);
  });

  it("is finished by the next manager with the new secret, wherever the first one was killed", async () => {
    for (const stop of [1, 2]) {
      const { make, steps, pass, secrets, store } = await world();
      const killed = make(["never there"]);
      await killed.begin();
      if (stop === 2) await pass(31_000);
      const mark = await store.trust.state("newSecret");
      killed.close();
      await pass(500);
      assert.equal(await store.trust.state("newSecret"), mark);
      const fresh = secrets.all.find((secret) => secret !== "old");
      await make().resume();
      await pass(20_000);
      assert.deepEqual(secrets.all, [fresh], `stopped at step ${stop} of ${steps.length}`);
      assert.equal(await store.trust.state("newSecret"), "");
    }
  });

  it("refuses a second one, but one that follows a removal comes after it", async () => {
    const { make, steps, pass, secrets } = await world();
    const rotation = make();
    await rotation.begin();
    await assert.rejects(rotation.begin(), { code: "MANAGER_BUSY" });
    await rotation.expel();
    const known = secrets.all[1];
    await pass(6_000);
    assert.equal(steps.length, 6);
    assert.ok(known !== undefined && !secrets.all.includes(known));
  });
});
