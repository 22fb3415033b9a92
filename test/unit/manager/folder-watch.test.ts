import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DroppedFiles, type DroppedFilesFolder } from "../../../src/manager/dropped-files.ts";
import { FOLDER_RETRY_MS, watchFolder } from "../../../src/manager/folder-watch.ts";
import { startFixture } from "../../helpers/management-fixture.ts";

async function start(failures: number) {
  const { deployments, store, log, clock } = await startFixture();
  const restore = async () => {};
  const files = new DroppedFiles({ deployments, journal: store.journal, log, clock, restore });
  let attempts = 0;
  const folder: DroppedFilesFolder = {
    start: async () => {
      attempts += 1;
      if (attempts <= failures) throw new Error("the remote is down");
    },
    bringInLine: async () => {},
    close: async () => {},
  };
  const watch = await watchFolder(folder, files, { clock, log });
  return { watch, clock, log, attempts: () => attempts };
}

describe("watching the deployment folder", () => {
  it("begins again and again until the repository is there", async () => {
    const { clock, attempts, log } = await start(2);
    assert.equal(attempts(), 1);
    await clock.advanceAsync(FOLDER_RETRY_MS, FOLDER_RETRY_MS);
    await clock.advanceAsync(FOLDER_RETRY_MS, FOLDER_RETRY_MS);
    await clock.advanceAsync(FOLDER_RETRY_MS, FOLDER_RETRY_MS);
    assert.equal(attempts(), 3);
    assert.equal(log.messages("error").length, 2);
    assert.equal(clock.pendingCount, 0);
  });

  it("is not tried again after the end", async () => {
    const { watch, clock, attempts } = await start(5);
    await watch.close();
    assert.equal(clock.pendingCount, 0);
    assert.equal(attempts(), 1);
  });
});
