import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { FileChange } from "../../../src/depsync/deployment-repository.ts";
import { DroppedFiles, FILES_RETRY_MS } from "../../../src/manager/dropped-files.ts";
import { startFixture } from "../../helpers/management-fixture.ts";
import { proxyPath, proxyXml, sequenceXml } from "../../helpers/toy-compile.ts";

const SEQUENCE_PATH = "synapse-configs/default/sequences/S.xml";

async function start() {
  const fixture = await startFixture();
  const { deployments, log, clock, store } = fixture;
  const restored: FileChange[] = [];
  const restore = async (changes: readonly FileChange[]) => void restored.push(...changes);
  const files = new DroppedFiles({ deployments, journal: store.journal, log, clock, restore });
  const save = (path: string, xml: string | undefined) =>
    files.accept([{ path, content: xml === undefined ? undefined : Buffer.from(xml) }]);
  return { ...fixture, files, save, restored };
}

describe("files saved into the deployment folder", () => {
  it("are committed as the system's user and go live", async () => {
    const { save, publisher, store } = await start();
    await save(proxyPath("P"), proxyXml("P"));
    assert.equal(publisher.commits[0]?.author, "admin (file)");
    assert.equal(publisher.commits[0]?.via, "file");
    assert.equal(await publisher.live(), publisher.commits[0]?.commit);
    const [row] = await store.journal.list(1);
    assert.equal(row?.outcome, "deployed");
    assert.deepEqual(row?.artifacts, [{ kind: "proxy-service", name: "P", path: proxyPath("P") }]);
  });

  it("are refused when faulty, with WSO2's sentence, file, line and reason, while what ran keeps running", async () => {
    const { save, publisher, log } = await start();
    await save(proxyPath("P"), proxyXml("P"));
    await save(proxyPath("P"), proxyXml("P", "FAULT"));
    assert.equal(publisher.commits.length, 1);
    const errors = log.messages("error");
    assert.deepEqual(errors, [
      `Deployment of the Synapse Artifact from file : ${proxyPath("P")} : Failed!`,
      `this line is faulty in ${proxyPath("P")}:2`,
    ]);
  });

  it("go in when they are good, whatever else the batch holds", async () => {
    const { files, publisher } = await start();
    await files.accept([
      { path: proxyPath("A"), content: Buffer.from(proxyXml("A")) },
      { path: proxyPath("B"), content: Buffer.from(proxyXml("B", "FAULT")) },
      { path: proxyPath("C"), content: Buffer.from(proxyXml("C")) },
    ]);
    assert.deepEqual(
      [...(publisher.commits[0]?.tree.keys() ?? [])],
      [proxyPath("A"), proxyPath("C")],
    );
  });

  it("are journaled and logged once for each faulty content", async () => {
    const { save, store, log } = await start();
    await save(proxyPath("P"), proxyXml("P", "FAULT"));
    await save(proxyPath("P"), proxyXml("P", "FAULT"));
    await save(proxyPath("Q"), proxyXml("Q"));
    const refused = async () =>
      (await store.journal.list(10)).filter(({ outcome }) => outcome === "refused").length;
    assert.equal(await refused(), 1);
    assert.equal(log.messages("error").length, 2);
    await save(proxyPath("P"), proxyXml("P", "another FAULT"));
    assert.equal(await refused(), 2);
  });

  it("are tried again when what they lacked arrives", async () => {
    const { save, publisher } = await start();
    await save(proxyPath("P"), proxyXml("P", '<sequence key="S"/>'));
    assert.equal(publisher.commits.length, 0);
    await save(SEQUENCE_PATH, sequenceXml("S"));
    assert.deepEqual([...(publisher.commits.at(-1)?.tree.keys() ?? [])].toSorted(), [
      proxyPath("P"),
      SEQUENCE_PATH,
    ]);
  });

  it("undeploy by being removed", async () => {
    const { save, publisher, store } = await start();
    await save(proxyPath("P"), proxyXml("P"));
    await save(proxyPath("P"), undefined);
    assert.equal(publisher.commits.at(-1)?.tree.size, 0);
    assert.equal((await store.journal.list(1))[0]?.action, "undeploy");
  });

  it("are put back when others need what was removed", async () => {
    const { save, publisher, restored, log } = await start();
    await save(SEQUENCE_PATH, sequenceXml("S"));
    await save(proxyPath("P"), proxyXml("P", '<sequence key="S"/>'));
    await save(SEQUENCE_PATH, undefined);
    assert.equal(publisher.commits.length, 2);
    assert.deepEqual(restored, [{ path: SEQUENCE_PATH, content: Buffer.from(sequenceXml("S")) }]);
    assert.match(log.messages("error").join("\n"), /there is no sequence S in .*P\.xml:2/);
  });

  it("are left alone when they hold what is committed already", async () => {
    const { save, ask, publisher, store } = await start();
    await ask("POST", "/management/deployments", { xml: proxyXml("P") });
    await save(proxyPath("P"), proxyXml("P"));
    assert.equal(publisher.commits.length, 1);
    assert.equal((await store.journal.list(10)).length, 1);
  });

  it("are tried again later when the repository does not take them", async () => {
    const { save, publisher, clock } = await start();
    publisher.failNext("propose");
    await save(proxyPath("P"), proxyXml("P"));
    assert.equal(publisher.commits.length, 0);
    await clock.advanceAsync(FILES_RETRY_MS, FILES_RETRY_MS);
    for (let turn = 0; turn < 20 && publisher.commits.length === 0; turn += 1)
      await new Promise((resolve) => void setImmediate(resolve));
    assert.equal(publisher.commits.length, 1);
  });
});
