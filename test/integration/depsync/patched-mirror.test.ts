/** A mirror that gets a candidate as what it changes, over real git. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { readdirSync, renameSync } from "node:fs";
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

/** A live revision that the mirror has, and a candidate on top of it that it has not. */
async function proposedRoom(test: TestContext) {
  const folder = temporaryFolder(test);
  const publisher = await publisherIn(folder);
  const first = await publisher.commit([put(PROXY, "1"), put("other.xml", "o")], "one", ADMIN);
  await publisher.moveLive(first, undefined);
  const log = new MemoryLog();
  const mirror = await mirrorIn(folder, publisher.location, log);
  await mirror.fetchLive();
  await mirror.read(first);
  const propose = async (content: string, base = first) =>
    publisher.propose({ base, changes: [put(PROXY, content)], message: content, author: ADMIN });
  const candidate = await propose("2");
  const patch = await publisher.patchOf(first, candidate);
  assert.ok(patch);
  return { folder, publisher, first, log, mirror, propose, candidate, patch };
}

describe("a mirror that gets a candidate as what it changes", { concurrency: 4 }, () => {
  it("needs nothing of the repository for it", async (test) => {
    const { publisher, first, mirror, candidate, patch } = await proposedRoom(test);
    renameSync(publisher.location, `${publisher.location}.away`);
    assert.equal(await mirror.store(candidate, patch), true);
    await mirror.fetchCandidate(candidate);
    assert.equal(await mirror.verify(candidate, [first]), undefined);
    assert.deepEqual(contents(await mirror.read(candidate)), { [PROXY]: "2", "other.xml": "o" });
  });

  it("starts on it while the repository is down, once it was remembered as good", async (test) => {
    const { folder, publisher, mirror, candidate, patch } = await proposedRoom(test);
    await mirror.store(candidate, patch);
    await mirror.rememberGood(candidate);
    renameSync(publisher.location, `${publisher.location}.away`);
    const again = await mirrorIn(folder, publisher.location);
    assert.equal(await again.lastGood(), candidate);
    assert.deepEqual(contents(await again.read(candidate)), { [PROXY]: "2", "other.xml": "o" });
    git(join(folder, "mirror.git"), "fsck", "--strict", "--no-dangling");
  });

  it("follows live to it, and takes the next one on top of it", async (test) => {
    const { publisher, first, mirror, propose, candidate, patch } = await proposedRoom(test);
    await mirror.store(candidate, patch);
    await publisher.goLive({ commit: candidate, live: first, main: first, movesMain: true });
    assert.equal(await mirror.fetchLive(), candidate);
    const next = await propose("3", candidate);
    const nextPatch = await publisher.patchOf(candidate, next);
    assert.ok(nextPatch);
    assert.equal(await mirror.store(next, nextPatch), true);
    assert.deepEqual(contents(await mirror.read(next)), { [PROXY]: "3", "other.xml": "o" });
  });

  it("fetches it where the base is not there", async (test) => {
    const { publisher, mirror, propose, candidate } = await proposedRoom(test);
    const next = await propose("3", candidate);
    const patch = await publisher.patchOf(candidate, next);
    assert.ok(patch);
    assert.equal(await mirror.store(next, patch), false);
    await mirror.fetchCandidate(next);
    assert.deepEqual(contents(await mirror.read(next)), { [PROXY]: "3", "other.xml": "o" });
  });

  it("stores nothing of what does not fit the commit, says so, and can fetch it", async (test) => {
    const { folder, mirror, log, candidate, patch } = await proposedRoom(test);
    const objects = join(folder, "mirror.git", "objects");
    const before = readdirSync(objects, { recursive: true }).length;
    const files = patch.files.map(({ path }) => ({ path, content: "ZXZpbA==" }));
    assert.equal(await mirror.store(candidate, { ...patch, files }), false);
    assert.match(log.messages("warn").join(), /do not make its tree/);
    assert.equal(readdirSync(objects, { recursive: true }).length, before);
    await mirror.fetchCandidate(candidate);
    assert.deepEqual(contents(await mirror.read(candidate)), { [PROXY]: "2", "other.xml": "o" });
  });

  it("does not trust what a foreign key has signed, however it came", async (test) => {
    const { folder, first, mirror } = await proposedRoom(test);
    const signingKey = generateKeyPairSync("ed25519").privateKey;
    const publisher = await publisherIn(folder, { signingKey });
    const proposal = { changes: [put(PROXY, "evil")], message: "evil", author: ADMIN };
    const candidate = await publisher.propose({ base: first, ...proposal });
    const patch = await publisher.patchOf(first, candidate);
    assert.ok(patch);
    assert.equal(await mirror.store(candidate, patch), true);
    const fault = await mirror.verify(candidate, [first]);
    assert.match(fault?.reason ?? "", /unknown key/);
  });

  it("is told to fetch what has two parents, or changes too much", async (test) => {
    const { publisher, first, propose } = await proposedRoom(test);
    const refused = await propose("refused");
    const proposal = { changes: [put(PROXY, "4")], message: "four", author: ADMIN };
    const merged = await publisher.propose({ base: first, ...proposal, leavesOut: refused });
    assert.equal(await publisher.patchOf(first, merged), undefined);
    const large = { path: "large.xml", content: Buffer.alloc(600 * 1024, "x") };
    const changes = { changes: [large], message: "large", author: ADMIN };
    const heavy = await publisher.propose({ base: first, ...changes });
    assert.equal(await publisher.patchOf(first, heavy), undefined);
  });
});
