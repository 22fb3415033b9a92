/** A worker's mirror of the deployment repository, over real git. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, describe, it } from "node:test";
import { MemoryLog } from "../../helpers/memory-log.ts";
import {
  ADMIN,
  PROXY,
  contents,
  git,
  mirrorIn,
  publisherIn,
  put,
  temporaryFolder,
} from "./repository-room.ts";

/** A repository with one live revision, and a folder for mirrors. */
async function liveRepository(test: TestContext) {
  const folder = temporaryFolder(test);
  const publisher = await publisherIn(folder);
  const first = await publisher.commit([put(PROXY, "1")], "one", ADMIN);
  await publisher.moveLive(first, undefined);
  return { folder, publisher, first };
}

function truncateObjects(gitDir: string): void {
  const objects = join(gitDir, "objects");
  for (const name of readdirSync(objects, { recursive: true, encoding: "utf8" })) {
    if (!/^[0-9a-f]{2}\/|\.pack$/.test(name)) continue;
    // Objects are read-only files; a fresh one takes the place.
    renameSync(join(objects, name), join(objects, `${name}.old`));
    writeFileSync(join(objects, name), "");
  }
}

describe("the mirror", { concurrency: 4 }, () => {
  it("fetches what is live, and nothing else counts", async (test) => {
    const { folder, publisher, first } = await liveRepository(test);
    const second = await publisher.commit([put(PROXY, "2")], "two", ADMIN);
    git(publisher.location, "update-ref", "refs/heads/feature", second);
    const mirror = await mirrorIn(folder, publisher.location);
    assert.equal(await mirror.fetchLive(), first);
    assert.deepEqual(contents(await mirror.read(first)), { [PROXY]: "1" });
    await publisher.moveLive(second, first);
    assert.equal(await mirror.fetchLive(), second);
    assert.deepEqual(contents(await mirror.read(second)), { [PROXY]: "2" });
    const refs = git(join(folder, "mirror.git"), "for-each-ref", "--format=%(refname)");
    assert.equal(refs, "refs/heads/live\nrefs/heads/live-seal\nrefs/heads/main\n");
  });

  it("follows live when it goes back", async (test) => {
    const { folder, publisher, first } = await liveRepository(test);
    const second = await publisher.commit([put(PROXY, "2")], "two", ADMIN);
    await publisher.moveLive(second, first);
    const mirror = await mirrorIn(folder, publisher.location);
    assert.equal(await mirror.fetchLive(), second);
    await publisher.moveLive(first, second);
    assert.equal(await mirror.fetchLive(), first);
  });

  it("finds nothing live in a new repository", async (test) => {
    const folder = temporaryFolder(test);
    const { location } = await publisherIn(folder);
    const mirror = await mirrorIn(folder, location);
    assert.equal(await mirror.fetchLive(), undefined);
    assert.equal(await mirror.lastGood(), undefined);
  });

  it("opens and serves the last good revision while the repository is down", async (test) => {
    const { folder, publisher, first } = await liveRepository(test);
    const before = await mirrorIn(folder, publisher.location);
    await before.fetchLive();
    await before.rememberGood(first);
    renameSync(publisher.location, `${publisher.location}.away`);
    const mirror = await mirrorIn(folder, publisher.location);
    const good = await mirror.lastGood();
    assert.equal(good, first);
    assert.deepEqual(contents(await mirror.read(first)), { [PROXY]: "1" });
    await assert.rejects(mirror.fetchLive(), { code: "DEPLOYMENT_REPOSITORY", retryable: true });
    assert.equal(await mirror.lastGood(), first);
  });

  it("opens before anybody has told where the repository is", async (test) => {
    const folder = temporaryFolder(test);
    const mirror = await mirrorIn(folder, undefined);
    await assert.rejects(mirror.fetchLive(), /not known yet/);
  });

  it("starts anew in a folder that is no repository, and keeps the old one aside", async (test) => {
    const { folder, publisher, first } = await liveRepository(test);
    mkdirSync(join(folder, "mirror.git"));
    writeFileSync(join(folder, "mirror.git", "HEAD"), "garbage");
    const log = new MemoryLog();
    const mirror = await mirrorIn(folder, publisher.location, log);
    assert.equal(await mirror.fetchLive(), first);
    assert.match(log.messages("warn").join(), /cannot be used .* is fetched anew/);
    assert.ok(existsSync(join(folder, "mirror.git.damaged", "HEAD")));
  });

  it("does not take over a repository that it has not made", async (test) => {
    const { folder, publisher } = await liveRepository(test);
    git("/", "clone", "-q", "--bare", publisher.location, join(folder, "mirror.git"));
    const log = new MemoryLog();
    await mirrorIn(folder, publisher.location, log);
    assert.ok(existsSync(join(folder, "mirror.git.damaged")));
  });

  it("starts anew when its objects are damaged at a start", async (test) => {
    const { folder, publisher, first } = await liveRepository(test);
    const before = await mirrorIn(folder, publisher.location);
    await before.fetchLive();
    truncateObjects(join(folder, "mirror.git"));
    const log = new MemoryLog();
    const mirror = await mirrorIn(folder, publisher.location, log);
    assert.equal(await mirror.fetchLive(), first);
    assert.deepEqual(contents(await mirror.read(first)), { [PROXY]: "1" });
    assert.match(log.messages("warn").join(), /is fetched anew/);
  });

  it("heals itself when its objects are damaged while it runs, and keeps what was good", async (test) => {
    const { folder, publisher, first } = await liveRepository(test);
    const mirror = await mirrorIn(folder, publisher.location);
    await mirror.fetchLive();
    await mirror.rememberGood(first);
    truncateObjects(join(folder, "mirror.git"));
    await assert.rejects(mirror.read(first), { code: "DEPLOYMENT_REPOSITORY" });
    await mirror.fetchLive().catch(() => {});
    assert.equal(await mirror.fetchLive(), first);
    assert.deepEqual(contents(await mirror.read(first)), { [PROXY]: "1" });
  });

  it("is not taken for damaged because somebody asks for a commit that it does not have", async (test) => {
    const { folder, publisher, first } = await liveRepository(test);
    const log = new MemoryLog();
    const mirror = await mirrorIn(folder, publisher.location, log);
    await assert.rejects(mirror.read("1".repeat(40)), { code: "DEPLOYMENT_REPOSITORY" });
    assert.equal(await mirror.fetchLive(), first);
    assert.deepEqual(log.messages("warn"), []);
  });

  it("removes locks that a killed git has left, with a log line each", async (test) => {
    const { folder, publisher, first } = await liveRepository(test);
    await mirrorIn(folder, publisher.location);
    for (const name of ["shallow.lock", "refs/heads/live.lock", "config.lock"]) {
      writeFileSync(join(folder, "mirror.git", name), "");
    }
    const log = new MemoryLog();
    const mirror = await mirrorIn(folder, publisher.location, log);
    assert.equal(log.messages("warn").filter((line) => line.includes("stale lock")).length, 3);
    writeFileSync(join(folder, "mirror.git", "refs/heads/live.lock"), "");
    assert.equal(await mirror.fetchLive(), first);
  });

  it("moves to another repository when its location changes", async (test) => {
    const { folder, publisher, first } = await liveRepository(test);
    const other = await publisherIn(folder, { folder: join(folder, "other.git") });
    const elsewhere = await other.commit([put("other.xml", "o")], "other", ADMIN);
    await other.moveLive(elsewhere, undefined);
    const before = await mirrorIn(folder, publisher.location);
    assert.equal(await before.fetchLive(), first);
    const mirror = await mirrorIn(folder, other.location);
    assert.equal(await mirror.fetchLive(), elsewhere);
    assert.deepEqual(contents(await mirror.read(elsewhere)), { "other.xml": "o" });
  });
});
