import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { NewDeployment } from "../../../src/manager/store/journal.ts";
import { startFixture } from "../../helpers/management-fixture.ts";
import { makeMember, RecordingCluster } from "../../helpers/recording-cluster.ts";
import { proxyPath, proxyXml } from "../../helpers/toy-compile.ts";

const AUTHOR = { user: "admin", via: "api" } as const;
const SIGNED = { user: "bascule", via: "manager" } as const;

const PENDING: NewDeployment = {
  who: "admin",
  via: "api",
  action: "deploy",
  artifacts: [{ kind: "proxy-service", name: "P", path: proxyPath("P") }],
  baseCommit: undefined,
  commit: undefined,
  outcome: "pending",
  problems: [],
};

describe("a manager's start", () => {
  it("takes over what lies on main of a repository that has no live yet, and announces it", async () => {
    const cluster = new RecordingCluster(makeMember());
    const { deployments, publisher, store } = await startFixture(cluster);
    const content = Buffer.from(proxyXml("P"));
    const main = await publisher.commit([{ path: proxyPath("P"), content }], "m", AUTHOR);
    await deployments.recover();
    const live = await publisher.live();
    assert.deepEqual(publisher.commits.at(-1)?.parents, [main]);
    assert.equal(publisher.commits.at(-1)?.commit, live);
    assert.equal(cluster.sent.length, 1);
    const rows = await store.journal.list(10);
    assert.deepEqual(
      rows.map((row) => [row.outcome, row.commit]),
      [["deployed", live]],
    );
  });

  it("does not take over a faulty one, says why, and journals it once", async () => {
    const { deployments, publisher, store } = await startFixture();
    const content = Buffer.from(proxyXml("P", "FAULT"));
    await publisher.commit([{ path: proxyPath("P"), content }], "m", AUTHOR);
    await deployments.recover();
    await deployments.recover();
    assert.equal(await publisher.live(), undefined);
    const rows = await store.journal.list(10);
    assert.equal(rows.length, 1);
    assert.equal(rows[0]?.outcome, "refused");
    assert.deepEqual(rows[0]?.problems, [
      { file: proxyPath("P"), line: 2, message: "this line is faulty" },
    ]);
  });

  it("finds a faulty main mended by deploying the artifact again", async () => {
    const { deployments, publisher, ask } = await startFixture();
    const content = Buffer.from(proxyXml("P", "FAULT"));
    await publisher.commit([{ path: proxyPath("P"), content }], "m", AUTHOR);
    await deployments.recover();
    const answer = await ask("POST", "/management/deployments", { xml: proxyXml("P") });
    assert.equal(answer.status, 201);
    assert.equal(await publisher.live(), answer.json().commit);
  });

  it("calls a deploy interrupted that was killed before live moved", async () => {
    const { deployments, store } = await startFixture();
    await store.journal.add(PENDING);
    await deployments.recover();
    assert.equal((await store.journal.find(1))?.outcome, "interrupted");
  });

  it("calls a deploy done that was killed after live had moved", async () => {
    const { deployments, publisher, store } = await startFixture();
    const id = await store.journal.add(PENDING);
    const content = Buffer.from(proxyXml("P"));
    const commit = await publisher.commit([{ path: proxyPath("P"), content }], "m", SIGNED);
    await store.journal.propose(id, commit);
    await publisher.moveLive(commit, undefined);
    await deployments.recover();
    const row = await store.journal.find(id);
    assert.deepEqual([row?.outcome, row?.commit], ["deployed", commit]);
  });

  it("calls a push interrupted that was left out by what is live now", async () => {
    const { deployments, publisher, store } = await startFixture();
    const file = (name: string) => [
      { path: proxyPath(name), content: Buffer.from(proxyXml(name)) },
    ];
    const base = await publisher.commit(file("P"), "m", SIGNED);
    await publisher.moveLive(base, undefined);
    const below = publisher.push(file("Q"), "q", "bob");
    const pushed = publisher.push(file("R"), "r", "bob");
    const row = { ...PENDING, action: "push", via: "push", baseCommit: base } as const;
    const ids = [await store.journal.add(row), await store.journal.add(row)];
    await store.journal.propose(ids[0] ?? 0, below);
    await store.journal.propose(ids[1] ?? 0, pushed);
    // Another manager has refused it, and gone on without it.
    const change = { changes: file("S"), message: "s", author: AUTHOR };
    const live = await publisher.propose({ ...change, base, leavesOut: pushed });
    await publisher.goLive({ commit: live, live: base, main: pushed, movesMain: true });
    await deployments.recover();
    for (const id of ids) assert.equal((await store.journal.find(id))?.outcome, "interrupted");
  });

  it("calls a push done that another deploy has built on", async () => {
    const { deployments, publisher, store } = await startFixture();
    const file = (name: string) => [
      { path: proxyPath(name), content: Buffer.from(proxyXml(name)) },
    ];
    const base = await publisher.commit(file("P"), "m", SIGNED);
    await publisher.moveLive(base, undefined);
    const pushed = publisher.push(file("Q"), "q", "bob");
    const id = await store.journal.add({ ...PENDING, baseCommit: base });
    await store.journal.propose(id, pushed);
    await publisher.moveLive(pushed, base);
    const change = { changes: file("S"), message: "s", author: AUTHOR };
    const live = await publisher.propose({ ...change, base: pushed });
    await publisher.goLive({ commit: live, live: pushed, main: pushed, movesMain: true });
    await deployments.recover();
    assert.equal((await store.journal.find(id))?.outcome, "deployed");
  });

  it("calls a deploy done that was killed between the seal and live, and moves live there", async () => {
    const { deployments, publisher, store } = await startFixture();
    const file = (name: string) => [
      { path: proxyPath(name), content: Buffer.from(proxyXml(name)) },
    ];
    const base = await publisher.commit(file("P"), "m", SIGNED);
    await publisher.goLive({ commit: base, live: undefined, main: base, movesMain: false });
    const commit = await publisher.commit(file("Q"), "m", SIGNED);
    const id = await store.journal.add({ ...PENDING, baseCommit: base });
    await store.journal.propose(id, commit);
    publisher.moveByOtherManager(commit);
    await publisher.moveLive(base, commit);
    publisher.setMain(base);
    await deployments.recover();
    assert.equal((await store.journal.find(id))?.outcome, "deployed");
    assert.deepEqual(await publisher.refs(), { main: commit, live: commit });
    const rows = await store.journal.list(10);
    assert.equal(rows.length, 1);
  });

  it("leaves main alone that the live revision does not come after", async () => {
    const { deployments, publisher } = await startFixture();
    const file = (name: string) => [
      { path: proxyPath(name), content: Buffer.from(proxyXml(name)) },
    ];
    const earlier = await publisher.commit(file("P"), "m", SIGNED);
    const base = await publisher.commit(file("Q"), "m", SIGNED);
    await publisher.goLive({ commit: base, live: undefined, main: base, movesMain: false });
    // The revision before is made live again.
    publisher.moveByOtherManager(earlier);
    await publisher.moveLive(base, earlier);
    await deployments.recover();
    assert.deepEqual(await publisher.refs(), { main: base, live: earlier });
  });

  it("does nothing where nothing was left", async () => {
    const { deployments, store, ask } = await startFixture();
    await deployments.recover();
    await ask("POST", "/management/deployments", { xml: proxyXml("P") });
    await deployments.recover();
    assert.equal((await store.journal.list(10)).length, 1);
  });

  it("lets a deploy be made again whose move had failed", async () => {
    const { publisher, ask } = await startFixture();
    publisher.failNext("goLive");
    const failed = await ask("POST", "/management/deployments", { xml: proxyXml("P") });
    assert.equal(failed.status, 503);
    assert.equal(await publisher.live(), undefined);
    const again = await ask("POST", "/management/deployments", { xml: proxyXml("P") });
    assert.equal(again.status, 201);
    assert.equal(await publisher.live(), publisher.commits.at(-1)?.commit);
  });
});
