/** The first commit of a deployment repository, and a manager's start without its remote one. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { it } from "node:test";
import { ensureFirstRevision } from "../../../src/cli/first-revision.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";
import { publisherIn, temporaryFolder } from "./repository-room.ts";

it("a new repository has a first revision that is live", async (test) => {
  const publisher = await publisherIn(temporaryFolder(test));
  await ensureFirstRevision(publisher, undefined);
  const live = await publisher.live();
  assert.ok(live !== undefined);
  assert.equal(await publisher.head(), live);
  await ensureFirstRevision(publisher, undefined);
  assert.equal(await publisher.head(), live);
});

it("a manager starts although its remote repository is down, and says so", async (test) => {
  const folder = temporaryFolder(test);
  const publisher = await publisherIn(folder, { remote: join(folder, "not-there.git") });
  const log = new MemoryLog();
  await ensureFirstRevision(publisher, log);
  assert.match(log.messages("warn").join(), /^The deployment repository does not answer/);
  await assert.rejects(ensureFirstRevision(publisher, undefined), {
    code: "DEPLOYMENT_REPOSITORY",
  });
});
