import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AFTER_REFUSAL_MS } from "../../../../src/manager/barrier/stage-round.ts";
import { ADMIN, makeBarrierWorld, proxy, settle } from "../../../helpers/barrier-world.ts";

const FAULT = { file: "P.xml", line: 3, message: "only this worker sees it" };

describe("a deploy", () => {
  it("switches all workers to one signed commit, and tells what each one answered", async () => {
    const { start, workers, publisher, store, announced } = await makeBarrierWorld(3);
    const result = await start().deploy(proxy("P"), ADMIN);
    assert.ok(result.kind === "deployed");
    const live = await publisher.live();
    assert.equal(result.commit, live);
    assert.equal((await publisher.refs()).main, live);
    assert.deepEqual(workers.revisions, [live]);
    assert.deepEqual(announced, [live]);
    const answers = await store.journal.answers(result.deployment);
    assert.deepEqual(
      answers.map(({ node, answer, late }) => [node, answer, late]),
      [
        ["worker-1", "ready", false],
        ["worker-2", "ready", false],
        ["worker-3", "ready", false],
      ],
    );
    assert.deepEqual(result.workers, answers);
    const row = await store.journal.find(result.deployment);
    assert.equal(row?.outcome, "deployed");
    assert.deepEqual(
      row.phases.map(({ phase }) => phase),
      ["journal", "propose", "stage", "live", "switch"],
    );
  });

  it("is refused as a whole when one worker finds it faulty: nobody switches, the candidate is kept", async () => {
    const { start, workers, publisher, store } = await makeBarrierWorld(3);
    const manager = start();
    await manager.deploy(proxy("P"), ADMIN);
    const old = await publisher.live();
    const [, second] = workers.all;
    if (second) second.behaviour = { kind: "faulty", problems: [FAULT] };
    const result = await manager.deploy(proxy("P", "<target><other/></target>"), ADMIN);
    assert.ok(result.kind === "refused");
    assert.deepEqual(
      result.problems.map(({ file, line, message }) => ({ file, line, message })),
      [FAULT],
    );
    assert.deepEqual(workers.revisions, [old]);
    assert.deepEqual(
      workers.all.map(({ staged }) => staged === result.commit),
      [false, false, false],
    );
    assert.deepEqual(await publisher.refs(), { main: old, live: old });
    const kept = (await publisher.candidates()).map(({ commit }) => commit);
    assert.ok(result.commit !== undefined && kept.includes(result.commit));
    const answers = await store.journal.answers(result.deployment);
    assert.deepEqual(
      answers.map(({ answer, problems }) => [answer, problems.length]),
      [
        ["ready", 0],
        ["faulty", 1],
        ["ready", 0],
      ],
    );
  });

  it("tells of a worker that was to be left out and left before the others were asked", async () => {
    const { start, workers } = await makeBarrierWorld(2);
    const onStep = (step: string): void => {
      if (step === "after propose") workers.leave("worker-2");
    };
    const without = { withoutNodes: ["worker-2", "worker-2"] };
    const result = await start({ onStep }).deploy(proxy("P"), ADMIN, without);
    assert.ok(result.kind === "deployed");
    assert.deepEqual(
      result.workers.map(({ node, answer }) => [node, answer]),
      [
        ["worker-1", "ready"],
        ["worker-2", "left"],
      ],
    );
  });

  it("says how many problems a worker has found where its answer has only the first ones", async () => {
    const { start, workers } = await makeBarrierWorld(1);
    const [worker] = workers.all;
    if (worker) worker.behaviour = { kind: "faulty", problems: [FAULT], more: 399 };
    const result = await start().deploy(proxy("P"), ADMIN);
    assert.ok(result.kind === "refused");
    assert.equal(
      result.workers[0]?.reason,
      "worker-1 found 400 problem(s) in the artifacts, of which the first 1 are told",
    );
  });

  it("fails when a worker is silent for the stage timeout, and says which and how to go on without it", async () => {
    const { start, workers, publisher, clock } = await makeBarrierWorld(2);
    const [, second] = workers.all;
    if (second) second.behaviour = "hangs";
    const deploy = start({ stageTimeoutMs: 30_000 }).deploy(proxy("P"), ADMIN);
    await settle();
    await clock.advanceAsync(30_000, 500);
    const result = await deploy;
    assert.ok(result.kind === "failed");
    assert.match(result.reason, /worker-2 did not answer within 30 s/);
    assert.match(result.reason, /--without worker-2/);
    assert.equal(await publisher.live(), undefined);
    assert.deepEqual(workers.revisions, [undefined]);
  });

  it("leaves out a silent worker on purpose, which follows later", async () => {
    const { start, workers, publisher } = await makeBarrierWorld(2);
    const [, second] = workers.all;
    if (second) second.behaviour = "hangs";
    const result = await start().deploy(proxy("P"), ADMIN, { withoutNodes: ["worker-2"] });
    assert.ok(result.kind === "deployed");
    assert.deepEqual(
      result.workers.map(({ answer, late }) => [answer, late]),
      [
        ["ready", false],
        ["without", true],
      ],
    );
    assert.deepEqual(second?.asked, []);
    assert.equal(result.commit, await publisher.live());
  });

  it("is not made without a worker that nobody knows", async () => {
    const { start, publisher } = await makeBarrierWorld(1);
    const deploy = start().deploy(proxy("P"), ADMIN, { withoutNodes: ["worker-9"] });
    await assert.rejects(deploy, { code: "REQUEST_INVALID", message: /worker-1/ });
    assert.equal(await publisher.live(), undefined);
  });

  it("goes on without a worker that leaves while it is asked", async () => {
    const { start, workers, clock } = await makeBarrierWorld(2);
    const [, second] = workers.all;
    if (second) second.behaviour = "unreachable";
    const deploy = start().deploy(proxy("P"), ADMIN);
    await settle();
    await clock.advanceAsync(2_000, 500);
    workers.leave("worker-2");
    const result = await deploy;
    assert.ok(result.kind === "deployed");
    assert.deepEqual(
      result.workers.map(({ answer }) => answer),
      ["ready", "left"],
    );
  });

  it("asks a worker again that could not be reached for a moment", async () => {
    const { start, workers, clock } = await makeBarrierWorld(1);
    const [only] = workers.all;
    if (only) only.behaviour = "unreachable";
    const deploy = start().deploy(proxy("P"), ADMIN);
    await settle();
    if (only) only.behaviour = { kind: "ready" };
    await clock.advanceAsync(1_000, 250);
    assert.equal((await deploy).kind, "deployed");
  });

  it("does not wait long for the others once one has refused", async () => {
    const { start, workers, clock } = await makeBarrierWorld(2);
    const [first, second] = workers.all;
    if (first) first.behaviour = { kind: "faulty", problems: [FAULT] };
    if (second) second.behaviour = "hangs";
    const deploy = start().deploy(proxy("P"), ADMIN);
    await settle();
    await clock.advanceAsync(AFTER_REFUSAL_MS, 500);
    assert.equal((await deploy).kind, "refused");
  });

  it("returns although a worker does not say that it switched, and names it as late", async () => {
    const { start, workers, clock, publisher } = await makeBarrierWorld(2);
    const [, second] = workers.all;
    if (second) second.losesSwitch = true;
    const deploy = start().deploy(proxy("P"), ADMIN);
    await settle();
    await clock.advanceAsync(7_000, 500);
    const result = await deploy;
    assert.ok(result.kind === "deployed");
    assert.deepEqual(
      result.workers.map(({ late }) => late),
      [false, true],
    );
    assert.equal(await publisher.live(), result.commit);
  });

  it("fails when a worker's disk is full while it stages, with the worker's words, and the next one goes in", async () => {
    const { start, workers, publisher } = await makeBarrierWorld(2);
    const manager = start();
    const [first] = workers.all;
    if (first) first.behaviour = { kind: "failed", reason: "no space left on device" };
    const result = await manager.deploy(proxy("P"), ADMIN);
    assert.ok(result.kind === "failed");
    assert.match(result.reason, /worker-1 cannot take it: no space left on device/);
    if (first) first.behaviour = { kind: "ready" };
    assert.equal((await manager.deploy(proxy("P"), ADMIN)).kind, "deployed");
    assert.deepEqual(workers.revisions, [await publisher.live()]);
  });

  it("becomes live where no worker is there", async () => {
    const { start, publisher } = await makeBarrierWorld(0);
    const result = await start().deploy(proxy("P"), ADMIN);
    assert.ok(result.kind === "deployed");
    assert.equal(await publisher.live(), result.commit);
  });
});

describe("complaints about WSO2's synchronizer", () => {
  it("a faulty artifact never blocks the next good one", async () => {
    const { start, publisher } = await makeBarrierWorld(2);
    const manager = start();
    assert.equal((await manager.deploy(proxy("P", "FAULT"), ADMIN)).kind, "refused");
    const good = await manager.deploy(proxy("Q"), ADMIN);
    assert.ok(good.kind === "deployed");
    assert.deepEqual([...(publisher.commits.at(-1)?.tree.keys() ?? [])].length, 1);
  });

  it("alternating good and faulty deploys have one outcome each time", async () => {
    const { start, workers, publisher } = await makeBarrierWorld(2);
    const manager = start();
    const outcomes: string[] = [];
    for (let round = 0; round < 10; round += 1) {
      const inside = round % 2 === 0 ? `<target round="${round}"/>` : "FAULT";
      outcomes.push((await manager.deploy(proxy("P", inside), ADMIN)).kind);
      assert.deepEqual(workers.revisions, [await publisher.live()]);
    }
    assert.deepEqual(
      outcomes,
      Array.from({ length: 10 }, (_, round) => (round % 2 === 0 ? "deployed" : "refused")),
    );
  });

  it("one faulty artifact hides no other", async () => {
    const { start } = await makeBarrierWorld(1);
    const uploads = [...proxy("A", "FAULT"), ...proxy("B"), ...proxy("C", "FAULT")];
    const result = await start().deploy(uploads, ADMIN);
    assert.ok(result.kind === "refused");
    assert.deepEqual(
      result.problems.map(({ file }) => file),
      ["A.xml", "C.xml"],
    );
  });

  it("two admins at once: the second one's deploy builds on the first one's", async () => {
    const { start, publisher, workers } = await makeBarrierWorld(2);
    const manager = start();
    const both = await Promise.all([
      manager.deploy(proxy("A"), ADMIN),
      manager.deploy(proxy("B"), { user: "bob", via: "cli" }),
    ]);
    assert.deepEqual(
      both.map(({ kind }) => kind),
      ["deployed", "deployed"],
    );
    assert.equal(publisher.commits.at(-1)?.tree.size, 2);
    assert.deepEqual(workers.revisions, [await publisher.live()]);
  });

  it("clocks hours off change nothing", async () => {
    const { start, clock, store, publisher } = await makeBarrierWorld(1);
    const manager = start();
    await manager.deploy(proxy("A"), ADMIN);
    clock.wallStartMs -= 5 * 3_600_000;
    assert.equal((await manager.deploy(proxy("B"), ADMIN)).kind, "deployed");
    const next = start();
    await next.recover();
    assert.equal((await store.journal.list(1))[0]?.commit, await publisher.live());
  });
});
