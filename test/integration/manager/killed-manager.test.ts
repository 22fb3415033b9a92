/** A manager over a real git repository and a real database, stopped at each step of a deploy as by kill -9, and started again over what it left. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { StepHook } from "../../../src/manager/barrier/deploy-steps.ts";
import { Deployments } from "../../../src/manager/deployments.ts";
import { Revisions } from "../../../src/manager/revisions.ts";
import { setUpStore } from "../../../src/manager/store/store.ts";
import { ADMIN, FakeWorkers, killAt, proxy } from "../../helpers/barrier-world.ts";
import { FakeClock } from "../../helpers/fake-clock.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";
import { toyCompile } from "../../helpers/toy-compile.ts";
import { publisherIn, temporaryFolder } from "../depsync/repository-room.ts";

async function makeWorld(context: TestContext) {
  const folder = temporaryFolder(context);
  const workers = new FakeWorkers(2);
  const clock = new FakeClock();
  /** A process of its own, as far as stores go: it opens them anew. */
  const start = async (onStep?: StepHook) => {
    const publisher = await publisherIn(folder);
    const store = await setUpStore({ file: join(folder, "manager.db"), home: folder, clock });
    const deployments = new Deployments({
      publisher,
      revisions: new Revisions(publisher, toyCompile),
      journal: store.journal,
      log: new MemoryLog(),
      clock,
      workers,
      onStep,
      healthWindowMs: 0,
      announce: (commit) => {
        // Workers follow an announcement.
        for (const worker of workers.all) worker.running = commit;
      },
      onChanged: () => Promise.resolve(),
    });
    context.after(() => store.close());
    return { publisher, store, deployments };
  };
  return { folder, workers, start };
}

for (const phase of ["journal", "propose", "stage", "live", "switch", "settle"])
  test(`killed before and after "${phase}": all old or all new, and the next deploy goes in`, async (context) => {
    const { folder, workers, start } = await makeWorld(context);
    const first = await start();
    await first.deployments.deploy(proxy("P"), ADMIN);
    for (const [round, step] of [`before ${phase}`, `after ${phase}`].entries()) {
      const old = await first.publisher.live();
      const { onStep, killed } = killAt(step);
      const dying = await start(onStep);
      void dying.deployments.deploy(proxy(`Q${round}`), ADMIN);
      await killed;
      const { publisher, store, deployments } = await start();
      await deployments.recover();
      const { live, main } = await publisher.refs();
      assert.equal(main, live);
      const isNew = live !== old;
      assert.equal(
        isNew,
        ["after live", "before switch", "after switch", "before settle", "after settle"].includes(
          step,
        ),
      );
      assert.deepEqual(await store.journal.pending(), []);
      const next = await deployments.deploy(proxy(`R${round}`), ADMIN);
      assert.ok(next.kind === "deployed");
      assert.deepEqual(workers.revisions, [next.commit]);
      const paths = execFileSync(
        "git",
        ["-C", join(folder, "repository.git"), "ls-tree", "-r", "--name-only", "live"],
        { encoding: "utf8" },
      );
      assert.equal(paths.includes(`/Q${round}.xml`), isNew);
      assert.ok(paths.includes(`/R${round}.xml`));
    }
  });
