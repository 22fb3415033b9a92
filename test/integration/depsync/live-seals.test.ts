/**
 * Who decides what is live: managers, by seals. Whoever can write a remote repository moves `live` and `live-seal` as he likes;
 * workers that have followed a seal do not go along, and the manager puts both back.
 */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, describe, it } from "node:test";
import { initRepository } from "../../../src/depsync/git-repository.ts";
import type { DeploymentPublisher } from "../../../src/depsync/deployment-repository.ts";
import { makeSeal } from "../../../src/depsync/signatures/live-seal.ts";
import { FakeClock } from "../../helpers/fake-clock.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";
import {
  ADMIN,
  PROXY,
  git,
  mirrorIn,
  publisherIn,
  put,
  temporaryFolder,
} from "./repository-room.ts";

async function propose(publisher: DeploymentPublisher, content: string): Promise<string> {
  const { live: base } = await publisher.refs();
  const changes = [put(PROXY, content)];
  return publisher.propose({ base, changes, message: content, author: ADMIN });
}

async function deploy(publisher: DeploymentPublisher, content: string): Promise<string> {
  const commit = await propose(publisher, content);
  const { live, main } = await publisher.refs();
  await publisher.goLive({ commit, live, main, movesMain: true });
  return commit;
}

/** A remote repository, a manager that has deployed twice, and a worker that runs the second revision. */
async function remoteWorld(test: TestContext) {
  const folder = temporaryFolder(test);
  const remote = join(folder, "remote.git");
  await initRepository(remote);
  const publisher = await publisherIn(folder, { remote });
  const first = await deploy(publisher, "1");
  const firstSeal = git(remote, "rev-parse", "live-seal").trim();
  const second = await deploy(publisher, "2");
  const refused = await propose(publisher, "refused");
  const log = new MemoryLog();
  const mirror = await mirrorIn(folder, remote, log);
  assert.equal(await mirror.fetchLive(), second);
  await mirror.rememberGood(second);
  const set = (name: string, commit: string): string =>
    git(remote, "update-ref", `refs/heads/${name}`, commit);
  return { folder, remote, publisher, first, firstSeal, second, refused, mirror, log, set };
}

describe("a worker", () => {
  it("follows what the newest seal names, wherever somebody has set live", async (test) => {
    const { mirror, set, first, second, refused } = await remoteWorld(test);
    for (const commit of [first, refused]) {
      set("live", commit);
      assert.equal(await mirror.fetchLive(), second);
    }
  });

  it("does not go back with an older seal, nor without any, also after its next start", async (test) => {
    const { folder, remote, mirror, log, set, first, firstSeal } = await remoteWorld(test);
    set("live", first);
    set("live-seal", firstSeal);
    assert.equal(await mirror.fetchLive(), undefined);
    assert.equal(await mirror.fetchLive(), undefined);
    assert.equal(log.messages("error").length, 1);
    assert.match(log.messages("error").join(), /says again what was live before/);
    const again = await mirrorIn(folder, remote);
    assert.equal(await again.fetchLive(), undefined);
    git(remote, "update-ref", "-d", "refs/heads/live-seal");
    assert.equal(await again.fetchLive(), undefined);
    const seal = (await again.goodRevisions())[0] ?? "";
    set("live-seal", seal);
    assert.equal(await again.fetchLive(), undefined);
  });

  it("reads a seal once, however often it looks", async (test) => {
    const { folder, mirror, second } = await remoteWorld(test);
    const id = await tipOf(folder);
    rmSync(join(folder, "mirror.git/objects", id.slice(0, 2), id.slice(2)));
    assert.equal(await mirror.fetchLive(), second);
  });

  it("goes back where a manager says so anew", async (test) => {
    const { publisher, mirror, first, second } = await remoteWorld(test);
    await publisher.moveLive(first, second);
    assert.equal(await mirror.fetchLive(), first);
    await mirror.rememberGood(first);
    assert.deepEqual(await mirror.goodRevisions(), [first, second]);
  });

  it("takes a manager's request to switch only with a seal of that commit that is no older", async (test) => {
    const { folder, remote, publisher, mirror, first, second, refused } = await remoteWorld(test);
    const seal = await publisher.sealOf(second);
    assert.equal(await mirror.admits(refused, undefined), false);
    assert.equal(await mirror.admits(refused, seal), false);
    assert.equal(await mirror.admits(second, seal), true);
    assert.equal(await mirror.admits(second, "AAAA"), false);
    const third = await deploy(publisher, "3");
    assert.equal(await mirror.admits(third, await publisher.sealOf(third)), true);
    assert.equal(await mirror.admits(second, seal), false);
    // What was told counts before any look, and after the next start.
    git(remote, "update-ref", "refs/heads/live-seal", "refs/heads/live-seal~1");
    assert.equal(await mirror.fetchLive(), undefined);
    await mirror.rememberGood(third);
    const again = await mirrorIn(folder, remote);
    assert.equal(await again.fetchLive(), undefined);
    assert.equal(await publisher.sealOf(first), undefined);
  });

  it("that is new follows the seal that it finds, and live itself where a manager of an earlier version made none", async (test) => {
    const { folder, remote, set, first, second } = await remoteWorld(test);
    set("live", first);
    const fresh = join(folder, "fresh");
    assert.equal(await (await mirrorIn(fresh, remote)).fetchLive(), second);
    git(remote, "update-ref", "-d", "refs/heads/live-seal");
    assert.equal(await (await mirrorIn(join(folder, "other"), remote)).fetchLive(), first);
  });

  it("whose record is empty, damaged or of another cluster starts from what it finds", async (test) => {
    const { folder, remote, second } = await remoteWorld(test);
    const file = join(folder, "mirror.git.seal");
    const right = readFileSync(file);
    const { privateKey } = generateKeyPairSync("ed25519");
    const tree = git(remote, "rev-parse", "live^{tree}").trim();
    const parts = {
      commit: second,
      tree,
      previous: undefined,
      wallSeconds: 1,
      mailDomain: "e.com",
    };
    const foreign = makeSeal({ ...parts, number: Number.MAX_SAFE_INTEGER }, privateKey);
    const { content: other } = foreign.object;
    for (const content of ["", right.subarray(0, 300), Buffer.alloc(20_000), other]) {
      writeFileSync(file, content);
      const mirror = await mirrorIn(folder, remote);
      assert.equal(await mirror.fetchLive(), second);
      await mirror.rememberGood(second);
      assert.deepEqual(readFileSync(file), right);
    }
  });

  it("that cannot write its record follows all the same, and leaves nothing behind", async (test) => {
    const { folder, remote, publisher, first, second } = await remoteWorld(test);
    const file = join(folder, "mirror.git.seal");
    rmSync(file);
    mkdirSync(file);
    const mirror = await mirrorIn(folder, remote);
    assert.equal(await mirror.fetchLive(), second);
    await publisher.moveLive(first, second);
    assert.equal(await mirror.fetchLive(), first);
    await assert.rejects(mirror.rememberGood(first), /mirror\.git\.seal/);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith("mirror.git.")),
      ["mirror.git.seal"],
    );
    await publisher.moveLive(second, first);
    assert.equal(await mirror.fetchLive(), second);
  });

  it("keeps what it has followed when its mirror is made anew, and follows newer words of a restored home", async (test) => {
    const { folder, remote, set, firstSeal, second } = await remoteWorld(test);
    const file = join(folder, "mirror.git.seal");
    assert.ok(existsSync(file));
    rmSync(join(folder, "mirror.git"), { recursive: true });
    set("live-seal", firstSeal);
    const anew = await mirrorIn(folder, remote);
    assert.equal(await anew.fetchLive(), undefined);
    const old = git(remote, "cat-file", "commit", firstSeal);
    writeFileSync(file, old);
    const restored = await mirrorIn(folder, remote);
    git(remote, "update-ref", "refs/heads/live-seal", await tipOf(folder));
    assert.equal(await restored.fetchLive(), second);
  });
});

/** Of the manager's own copy. */
async function tipOf(folder: string): Promise<string> {
  return git(join(folder, "repository.git"), "rev-parse", "live-seal").trim();
}

describe("a manager", () => {
  it("knows from its own record what is live, and puts live and its seal back", async (test) => {
    const { folder, remote, set, first, firstSeal, second, mirror } = await remoteWorld(test);
    const newest = await tipOf(folder);
    set("live", first);
    set("live-seal", firstSeal);
    const publisher = await publisherIn(folder, { remote });
    const { live } = await publisher.refs();
    const { known, found } = await publisher.seals();
    assert.deepEqual([known?.commit, found?.commit], [second, first]);
    assert.ok((known?.number ?? 0) > (found?.number ?? 0));
    await publisher.restoreLive(live);
    assert.equal(git(remote, "rev-parse", "live").trim(), second);
    assert.equal(git(remote, "rev-parse", "live-seal").trim(), newest);
    assert.equal(await mirror.fetchLive(), second);
  });

  it("says something with a larger number than all before, also over a stranger's seal", async (test) => {
    const { publisher, folder, remote, set, second, mirror } = await remoteWorld(test);
    const before = (await publisher.seals()).known?.number ?? 0;
    rmSync(join(folder, "repository.git.seal"));
    set("live-seal", second);
    const clock = new FakeClock();
    clock.advance(1_000);
    const fresh = await publisherIn(folder, { remote, clock });
    await fresh.refs();
    assert.deepEqual(await fresh.seals(), { known: undefined, found: undefined });
    await fresh.seal(second);
    const { known, found } = await fresh.seals();
    assert.deepEqual(known, found);
    assert.ok((known?.number ?? 0) > before);
    assert.equal(git(remote, "rev-parse", "live-seal~1").trim(), second);
    assert.equal(await mirror.fetchLive(), second);
  });

  it("puts nothing back while another one goes live", async (test) => {
    const { publisher, folder, remote, set, second } = await remoteWorld(test);
    const other = await publisherIn(join(folder, "other"), { remote });
    await other.refs();
    await other.acceptSeal();
    // It has read the seal before, and `live` after the other one had moved both.
    const third = await deploy(publisher, "3");
    await assert.rejects(other.restoreLive(third), /live-seal was not moved/);
    assert.equal(git(remote, "rev-parse", "live").trim(), third);
    set("live", second);
    await publisher.refs();
    await publisher.restoreLive(second);
    assert.equal(git(remote, "rev-parse", "live").trim(), third);
  });

  it("says something with a larger number than it knew, where an old repository knows only smaller ones", async (test) => {
    const { folder, remote, set, first, firstSeal, mirror } = await remoteWorld(test);
    const ahead = new FakeClock();
    ahead.advance(3_600_000);
    const before = await publisherIn(folder, { remote, clock: ahead });
    const third = await deploy(before, "3");
    assert.equal(await mirror.fetchLive(), third);
    await mirror.rememberGood(third);
    set("live", first);
    set("main", first);
    set("live-seal", firstSeal);
    const after = await publisherIn(folder, { remote });
    await after.refs();
    await after.acceptSeal();
    await after.seal(first);
    assert.equal(await mirror.fetchLive(), first);
  });

  it("says which file it cannot read, and what to do", async (test) => {
    const { folder, remote } = await remoteWorld(test);
    const file = join(folder, "repository.git.seal");
    rmSync(file);
    mkdirSync(file);
    const publisher = await publisherIn(folder, { remote });
    await assert.rejects(
      publisher.seals(),
      /repository\.git\.seal, where .*cannot be read.*remove/,
    );
    rmSync(file, { recursive: true });
    assert.equal((await publisher.seals()).known, undefined);
  });

  it("goes live although another one has said anew what was live before", async (test) => {
    const { publisher, folder, remote, mirror } = await remoteWorld(test);
    const other = await publisherIn(join(folder, "other"), { remote });
    const { live } = await other.refs();
    const commit = await propose(publisher, "3");
    const { main } = await publisher.refs();
    await other.seal(live ?? "");
    await publisher.goLive({ commit, live, main, movesMain: true });
    assert.equal(await mirror.fetchLive(), commit);
    await other.refs();
    const { known, found } = await other.seals();
    assert.ok((found?.number ?? 0) > (known?.number ?? 0));
    await other.acceptSeal();
    assert.equal((await other.seals()).known?.commit, commit);
  });
});
