/** A worker's mirror of a repository with a long history: it begins with the newest commits, and stays right whatever happens to it. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type TestContext, describe, it } from "node:test";
import { openMirror } from "../../../src/depsync/git-mirror.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";
import { startGitHttpServer } from "./git-http-server.ts";
import { MadeHistory, verdictOf } from "./made-history.ts";
import {
  ADMIN,
  MANAGER_KEY,
  PROXY,
  contents,
  git,
  publisherIn,
  put,
  temporaryFolder,
} from "./repository-room.ts";

const BY_MANAGER = { by: "manager", signers: ["bob"] } as const;
const BY_BOB = { by: "bob", signers: ["bob"] } as const;

/** Commits of a manager, the newest live, and a mirror that holds the newest three. */
async function shallowRoom(test: TestContext, count = 12) {
  const history = await MadeHistory.in(temporaryFolder(test));
  const commits = await history.line(count, undefined, BY_MANAGER);
  const live = commits.at(-1) ?? "";
  history.publish(live);
  const log = new MemoryLog();
  const mirror = await history.mirror(3, log);
  await mirror.fetchLive();
  assert.deepEqual(history.edges, [commits.at(-3)]);
  return { history, commits, live, mirror, log };
}

describe("a mirror of a long history", { concurrency: 4 }, () => {
  it("begins with what a verification looks at first, and reads what is live", async (test) => {
    const history = await MadeHistory.in(temporaryFolder(test));
    const old = await history.line(80, undefined, BY_MANAGER);
    const people = await history.line(40, old.at(-1), BY_BOB);
    const tip = people.at(-1) ?? "";
    history.publish(tip);
    const mirror = await openMirror({
      folder: history.mirrorFolder,
      location: () => history.gitDir,
      managerKeys: () => [MANAGER_KEY],
      log: new MemoryLog(),
    });
    await mirror.fetchLive();
    const { edges } = history;
    assert.deepEqual(edges, [old[20]]);
    assert.equal(await mirror.verify(tip, []), undefined);
    assert.equal(await mirror.verify(tip, [people[0] ?? ""]), undefined);
    assert.equal((await mirror.read(tip)).files.length, 2);
    assert.deepEqual(history.edges, edges);
  });

  it("goes on with what is new, also after the next start", async (test) => {
    const { history, live, mirror, log } = await shallowRoom(test);
    const [next = ""] = await history.line(1, live, BY_MANAGER);
    history.publish(next);
    const { edges } = history;
    await mirror.fetchLive();
    const again = await history.mirror(3, log);
    await again.fetchLive();
    assert.deepEqual(history.edges, edges);
    assert.equal(await again.verify(next, [live]), undefined);
    git(history.mirrorFolder, "fsck", "--strict");
    assert.deepEqual(log.messages("warn"), []);
  });

  it("follows live back beyond its end", async (test) => {
    const { history, commits, live, mirror } = await shallowRoom(test);
    const old = commits[2] ?? "";
    history.publish(old);
    await mirror.fetchLive();
    assert.equal(await mirror.verify(old, [live]), undefined);
    assert.equal((await mirror.read(old)).commit, old);
  });

  it("takes a candidate that forks from beyond its end", async (test) => {
    const { history, commits, live, mirror } = await shallowRoom(test);
    const [fork = ""] = await history.line(1, commits[1], BY_BOB);
    const parents = [live, fork];
    const candidate = await history.commit({ ...BY_BOB, parents });
    const ref = `refs/heads/candidates/${candidate.slice(0, 12)}`;
    git(history.gitDir, "update-ref", ref, candidate);
    await mirror.fetchCandidate(candidate);
    assert.equal(await mirror.verify(candidate, [live]), undefined);
    assert.equal((await mirror.read(candidate)).commit, candidate);
  });

  it("judges as a whole one when what ran is unknown to the repository", async (test) => {
    const { history, live, mirror } = await shallowRoom(test);
    const [tip = ""] = await history.line(1, live, BY_BOB);
    history.publish(tip);
    await mirror.fetchLive();
    assert.equal(await mirror.verify(tip, ["1".repeat(40)]), undefined);
    assert.deepEqual(history.edges, []);
  });

  it("stays whole where it was whole", async (test) => {
    const history = await MadeHistory.in(temporaryFolder(test));
    const commits = await history.line(8, undefined, BY_MANAGER);
    history.publish(commits[6] ?? "");
    await (await history.mirror(100)).fetchLive();
    history.publish(commits[7] ?? "");
    await (await history.mirror(2)).fetchLive();
    assert.deepEqual(history.edges, []);
  });

  it("takes candidates as what they change, and starts on them", async (test) => {
    const folder = temporaryFolder(test);
    const publisher = await publisherIn(folder);
    let live: string | undefined;
    for (let number = 0; number < 5; number += 1) {
      const next = await publisher.commit([put(PROXY, `${number}`)], "change", ADMIN);
      await publisher.moveLive(next, live);
      live = next;
    }
    const base = live ?? "";
    const open = () =>
      openMirror({
        folder: join(folder, "mirror.git"),
        location: () => publisher.location,
        managerKeys: () => [MANAGER_KEY],
        depth: 2,
        log: new MemoryLog(),
      });
    const mirror = await open();
    await mirror.fetchLive();
    await mirror.read(base);
    const change = { changes: [put(PROXY, "new")], message: "new", author: ADMIN };
    const candidate = await publisher.propose({ base, ...change });
    const patch = await publisher.patchOf(base, candidate);
    assert.ok(patch);
    assert.equal(await mirror.store(candidate, patch), true);
    assert.equal(await mirror.verify(candidate, [base]), undefined);
    await mirror.rememberGood(candidate);
    renameSync(publisher.location, `${publisher.location}.away`);
    const again = await open();
    assert.equal(await again.lastGood(), candidate);
    assert.deepEqual(contents(await again.read(candidate)), { [PROXY]: "new" });
    assert.ok(existsSync(join(folder, "mirror.git", "shallow")));
  });
});

/** What a damaged end of the history comes to, and how. */
const DAMAGES: Readonly<Record<string, (file: string) => void>> = {
  "was removed": (file) => rmSync(file),
  "was emptied": (file) => writeFileSync(file, ""),
  "is garbage": (file) => writeFileSync(file, "garbage\n"),
  "was cut off": (file) => writeFileSync(file, readFileSync(file, "utf8").slice(0, 20)),
};

describe("a shallow mirror heals itself", { concurrency: 4 }, () => {
  for (const [what, damage] of Object.entries(DAMAGES)) {
    it(`when its file shallow ${what} while it runs, and verifies nothing until then`, async (test) => {
      const { history, live, mirror, log } = await shallowRoom(test);
      await mirror.rememberGood(live);
      damage(join(history.mirrorFolder, "shallow"));
      const [next = ""] = await history.line(1, live, BY_BOB);
      history.publish(next);
      await assert.rejects(mirror.verify(live, []), { code: "DEPLOYMENT_REPOSITORY" });
      await mirror.fetchLive();
      assert.equal(await mirror.verify(next, [live]), undefined);
      assert.match(log.messages("warn").join(), /where its history ends.*fetched anew/);
      assert.deepEqual(await mirror.goodRevisions(), [live]);
    });

    it(`when its file shallow ${what} while it does not run`, async (test) => {
      const { history, live } = await shallowRoom(test);
      damage(join(history.mirrorFolder, "shallow"));
      const log = new MemoryLog();
      const mirror = await history.mirror(3, log);
      await mirror.fetchLive();
      assert.equal((await mirror.read(live)).commit, live);
      assert.equal(log.messages("warn").length, 1);
      assert.match(log.messages("warn").join(), /is fetched anew/);
      assert.equal(history.edges.length, 1);
    });
  }

  it("from a lock that a killed git has left on the file", async (test) => {
    const { history, live, mirror, log } = await shallowRoom(test);
    const lock = join(history.mirrorFolder, "shallow.lock");
    writeFileSync(lock, "");
    const [tip = ""] = await history.line(1, live, BY_BOB);
    history.publish(tip);
    await mirror.fetchLive();
    // This one must change where the history ends.
    assert.equal(await mirror.verify(tip, ["1".repeat(40)]), undefined);
    assert.equal(existsSync(lock), false);
    assert.match(log.messages("warn").join(), /removed the stale lock/);
  });

  it("from such a lock before its first fetch, which is shallow all the same", async (test) => {
    const history = await MadeHistory.in(temporaryFolder(test));
    const commits = await history.line(6, undefined, BY_MANAGER);
    history.publish(commits.at(-1) ?? "");
    const log = new MemoryLog();
    const mirror = await history.mirror(2, log);
    writeFileSync(join(history.mirrorFolder, "shallow.lock"), "");
    await mirror.fetchLive();
    assert.deepEqual(history.edges, [commits.at(-2)]);
    assert.match(log.messages("warn").join(), /removed the stale lock/);
  });

  it("and keeps what ran last, from however long ago it is", async (test) => {
    const { history, live, mirror } = await shallowRoom(test);
    await mirror.rememberGood(live);
    const newer = await history.line(9, live, BY_MANAGER);
    history.publish(newer.at(-1) ?? "");
    rmSync(join(history.mirrorFolder, "shallow"));
    await mirror.fetchLive();
    assert.equal(await mirror.lastGood(), live);
    assert.equal((await mirror.read(live)).commit, live);
  });

  it("and is shallow again when it was made anew", async (test) => {
    const { history, live, mirror, log } = await shallowRoom(test);
    rmSync(join(history.mirrorFolder, "objects"), { recursive: true });
    await assert.rejects(mirror.read(live));
    await mirror.fetchLive().catch(() => {});
    await mirror.fetchLive();
    assert.equal((await mirror.read(live)).commit, live);
    assert.equal(history.edges.length, 1);
    assert.match(log.messages("warn").join(), /is fetched anew/);
  });
});

describe("a remote repository", { concurrency: 3 }, () => {
  it("gives a part of its history over http as well", async (test) => {
    const folder = temporaryFolder(test);
    const history = await MadeHistory.in(folder);
    const commits = await history.line(8, undefined, BY_MANAGER);
    history.publish(commits.at(-1) ?? "");
    const { port } = await startGitHttpServer(test, folder, "user", "secret");
    const mirror = await openMirror({
      folder: history.mirrorFolder,
      location: () => `http://user:secret@127.0.0.1:${port}/made.git`,
      managerKeys: () => [MANAGER_KEY],
      depth: 2,
      log: new MemoryLog(),
    });
    await mirror.fetchLive();
    assert.deepEqual(history.edges, [commits.at(-2)]);
    const [tip = ""] = await history.line(1, commits[0], BY_BOB);
    history.publish(tip);
    await mirror.fetchLive();
    assert.equal(verdictOf(await mirror.verify(tip, [commits.at(-1) ?? ""])), "vouched for");
  });

  it("that gives none is fetched as a whole, with a log line", async (test) => {
    const folder = temporaryFolder(test);
    const history = await MadeHistory.in(folder);
    const commits = await history.line(5, undefined, BY_MANAGER);
    history.publish(commits.at(-1) ?? "");
    git(history.gitDir, "repack", "-q", "-a", "-d");
    git(history.gitDir, "update-server-info");
    const port = await serveFiles(test, folder);
    const log = new MemoryLog();
    const mirror = await openMirror({
      folder: history.mirrorFolder,
      location: () => `http://127.0.0.1:${port}/made.git`,
      managerKeys: () => [MANAGER_KEY],
      depth: 2,
      log,
    });
    await mirror.fetchLive();
    assert.equal(await mirror.verify(commits.at(-1) ?? "", []), undefined);
    assert.deepEqual(history.edges, []);
    assert.match(log.messages("info").join(), /all of it is fetched/);
  });

  it("that is shallow itself vouches for nothing by what it does not hold", async (test) => {
    const folder = temporaryFolder(test);
    const history = await MadeHistory.in(folder);
    const [first] = await history.line(1, undefined, BY_MANAGER);
    const people = await history.line(8, first, BY_BOB);
    const tip = people.at(-1) ?? "";
    history.publish(tip);
    const remote = join(folder, "remote.git");
    git(
      "/",
      "clone",
      "-q",
      "--bare",
      "--depth=4",
      "--no-single-branch",
      `file://${history.gitDir}`,
      remote,
    );
    const mirror = await openMirror({
      folder: history.mirrorFolder,
      location: () => remote,
      managerKeys: () => [MANAGER_KEY],
      depth: 2,
      log: new MemoryLog(),
    });
    await mirror.fetchLive();
    assert.match(verdictOf(await mirror.verify(tip, [])), /does not hold/);
    assert.equal(await mirror.verify(tip, [people.at(-3) ?? ""]), undefined);
    git(remote, "fetch", "-q", "--unshallow");
    assert.equal(await mirror.verify(tip, []), undefined);
  });
});

/** Files only, as a server without git's own backend gives them. */
async function serveFiles(test: TestContext, root: string): Promise<number> {
  const server = createServer((request, response) => {
    const [path = ""] = (request.url ?? "").split("?");
    const file = join(root, path);
    if (existsSync(file)) response.end(readFileSync(file));
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  test.after(() => void server.close());
  return (server.address() as AddressInfo).port;
}
