import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { NewDeployment } from "../../../src/manager/store/journal.ts";
import { startFixture } from "../../helpers/management-fixture.ts";
import { makeMember, RecordingCluster } from "../../helpers/recording-cluster.ts";
import { proxyPath, proxyXml } from "../../helpers/toy-compile.ts";

const AUTHOR = { user: "admin", via: "api" } as const;

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

describe("a manager that was killed between commit and live", () => {
  it("makes the commit live at its next start, announces it and finishes the journal", async () => {
    const cluster = new RecordingCluster(makeMember());
    const { deployments, publisher, store } = await startFixture(cluster);
    await store.journal.add(PENDING);
    const content = Buffer.from(proxyXml("P"));
    const commit = await publisher.commit([{ path: proxyPath("P"), content }], "m", AUTHOR);
    await deployments.recover();
    assert.equal(await publisher.live(), commit);
    assert.equal(cluster.sent.length, 1);
    const rows = await store.journal.list(10);
    assert.deepEqual(
      rows.map((row) => [row.outcome, row.commit]),
      [["deployed", commit]],
    );
  });

  it("does not make a faulty commit live, says why, and journals it once", async () => {
    const { deployments, publisher, store, log } = await startFixture();
    const content = Buffer.from(proxyXml("P", "FAULT"));
    await publisher.commit([{ path: proxyPath("P"), content }], "m", AUTHOR);
    await deployments.recover();
    await deployments.recover();
    assert.equal(await publisher.live(), undefined);
    const rows = await store.journal.list(10);
    assert.equal(rows.length, 1);
    assert.equal(rows[0]?.outcome, "refused");
    assert.equal(rows[0]?.via, "start");
    assert.deepEqual(rows[0]?.problems, [
      { file: proxyPath("P"), line: 2, message: "this line is faulty" },
    ]);
    assert.ok(log.messages("error").includes(`this line is faulty in ${proxyPath("P")}:2`));
  });

  it("can be mended by deploying the faulty artifact again", async () => {
    const { deployments, publisher, ask } = await startFixture();
    const content = Buffer.from(proxyXml("P", "FAULT"));
    await publisher.commit([{ path: proxyPath("P"), content }], "m", AUTHOR);
    await deployments.recover();
    const answer = await ask("POST", "/management/deployments", { xml: proxyXml("P") });
    assert.equal(answer.status, 201);
    assert.equal(await publisher.live(), answer.json().commit);
  });

  it("calls a deploy interrupted when it was killed before the commit", async () => {
    const { deployments, store } = await startFixture();
    await store.journal.add(PENDING);
    await deployments.recover();
    assert.equal((await store.journal.find(1))?.outcome, "interrupted");
  });

  it("calls a deploy done when it was killed after live had moved", async () => {
    const { deployments, publisher, store } = await startFixture();
    await store.journal.add(PENDING);
    const content = Buffer.from(proxyXml("P"));
    const commit = await publisher.commit([{ path: proxyPath("P"), content }], "m", AUTHOR);
    await publisher.moveLive(commit, undefined);
    await deployments.recover();
    const row = await store.journal.find(1);
    assert.deepEqual([row?.outcome, row?.commit], ["deployed", commit]);
  });

  it("does nothing where nothing was left", async () => {
    const { deployments, store, ask } = await startFixture();
    await deployments.recover();
    await ask("POST", "/management/deployments", { xml: proxyXml("P") });
    await deployments.recover();
    assert.equal((await store.journal.list(10)).length, 1);
  });

  it("makes a commit live whose move had failed, when the same content is deployed again", async () => {
    const { publisher, ask } = await startFixture();
    publisher.failNext("moveLive");
    const failed = await ask("POST", "/management/deployments", { xml: proxyXml("P") });
    assert.equal(failed.status, 503);
    const again = await ask("POST", "/management/deployments", { xml: proxyXml("P") });
    assert.equal(again.status, 201);
    assert.equal(publisher.commits.length, 1);
    assert.equal(await publisher.live(), publisher.commits[0]?.commit);
  });
});
