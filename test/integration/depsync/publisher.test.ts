/** The manager's side of the deployment repository, over real git. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import {
  ADMIN,
  PROXY,
  contents,
  git,
  publisherIn,
  put,
  temporaryFolder,
} from "./repository-room.ts";

describe("the publisher with a repository of its own", { concurrency: 4 }, () => {
  it("makes an empty bare repository whose first branch is main", async (test) => {
    const folder = temporaryFolder(test);
    const publisher = await publisherIn(folder);
    assert.equal(await publisher.head(), undefined);
    assert.equal(await publisher.live(), undefined);
    assert.deepEqual(await publisher.history(10), []);
    assert.equal(publisher.location, join(folder, "repository.git"));
    assert.equal(git(publisher.location, "symbolic-ref", "HEAD"), "refs/heads/main\n");
  });

  it("commits, changes and removes files, each on top of the one before", async (test) => {
    const publisher = await publisherIn(temporaryFolder(test));
    const first = await publisher.commit(
      [put(PROXY, "1"), put('a b/ü "q".xml', "x")],
      "one",
      ADMIN,
    );
    const second = await publisher.commit([put(PROXY, "2")], "two", ADMIN);
    const third = await publisher.commit(
      [{ path: 'a b/ü "q".xml', content: undefined }],
      "three",
      ADMIN,
    );
    assert.deepEqual(contents(await publisher.read(first)), { [PROXY]: "1", 'a b/ü "q".xml': "x" });
    assert.deepEqual(contents(await publisher.read(second)), {
      [PROXY]: "2",
      'a b/ü "q".xml': "x",
    });
    assert.deepEqual(contents(await publisher.read(third)), { [PROXY]: "2" });
    assert.equal(await publisher.head(), third);
    assert.equal(git(publisher.location, "rev-list", "--count", "main"), "3\n");
    git(publisher.location, "fsck", "--strict");
  });

  it("reads a revision whose first file is empty", async (test) => {
    const publisher = await publisherIn(temporaryFolder(test));
    const commit = await publisher.commit([put("a", ""), put("b", "2")], "empty first", ADMIN);
    const fresh = await publisherIn(dirname(publisher.location));
    assert.deepEqual(contents(await fresh.read(commit)), { a: "", b: "2" });
  });

  it("keeps binary contents and empty files byte for byte", async (test) => {
    const publisher = await publisherIn(temporaryFolder(test));
    const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, index) => (index * 7) % 256));
    const commit = await publisher.commit(
      [{ path: "a.bin", content: bytes }, put("empty", "")],
      "bytes",
      ADMIN,
    );
    const { files } = await publisher.read(commit);
    assert.deepEqual(
      files.map(({ content }) => content.length),
      [70_000, 0],
    );
    assert.ok(files[0]?.content.equals(bytes));
  });

  it("returns the old commit when nothing differs", async (test) => {
    const publisher = await publisherIn(temporaryFolder(test));
    const first = await publisher.commit([put(PROXY, "1")], "one", ADMIN);
    const changes = [put(PROXY, "1"), { path: "absent.xml", content: undefined }];
    assert.equal(await publisher.commit(changes, "again", ADMIN), first);
    assert.equal((await publisher.history(10)).length, 1);
  });

  it("tells who made each commit, when and which way", async (test) => {
    const publisher = await publisherIn(temporaryFolder(test), { mailDomain: "esb.test" });
    await publisher.commit([put(PROXY, "1")], "one", ADMIN);
    await publisher.commit([put(PROXY, "2")], "two\n\nbecause\n\nDeployed-By: nobody", {
      user: "Zoë <z@y>\n",
      via: "console",
    });
    const [newest, oldest] = await publisher.history(10);
    assert.deepEqual([newest?.subject, newest?.author, newest?.via], ["two", "Zoë z@y", "console"]);
    assert.deepEqual([oldest?.subject, oldest?.author, oldest?.via], ["one", "alice", "api"]);
    assert.equal(oldest?.date.startsWith("2026-11-21T00:00:00"), true);
    assert.equal((await publisher.history(1)).length, 1);
    const people = git(publisher.location, "log", "--format=%ae|%cn|%ce", "main");
    assert.equal(
      people,
      "Zo-z-y-@esb.test|Bascule manager|manager@esb.test\nalice@esb.test|Bascule manager|manager@esb.test\n",
    );
  });

  it("moves live from where it is expected, forward and back, and not otherwise", async (test) => {
    const publisher = await publisherIn(temporaryFolder(test));
    const first = await publisher.commit([put(PROXY, "1")], "one", ADMIN);
    const second = await publisher.commit([put(PROXY, "2")], "two", ADMIN);
    await publisher.moveLive(first, undefined);
    await publisher.moveLive(second, first);
    await assert.rejects(publisher.moveLive(first, first), {
      code: "DEPLOYMENT_REPOSITORY",
      message: `live was not moved: it is at ${second} by now, not at ${first}; look at what is live and try again`,
    });
    await assert.rejects(publisher.moveLive(first, undefined), { code: "DEPLOYMENT_REPOSITORY" });
    assert.equal(await publisher.live(), second);
    await publisher.moveLive(first, second);
    assert.equal(await publisher.live(), first);
    await assert.rejects(publisher.moveLive("1".repeat(40), first), /no such commit/);
  });

  it("writes commits that are asked for at the same time one after the other", async (test) => {
    const publisher = await publisherIn(temporaryFolder(test));
    await Promise.all(
      [1, 2, 3, 4].map((number) => publisher.commit([put(`${number}.xml`, "x")], "c", ADMIN)),
    );
    assert.equal((await publisher.history(10)).length, 4);
    const head = await publisher.head();
    assert.equal((await publisher.read(head ?? "")).files.length, 4);
  });

  it("refuses hostile paths, and leaves the repository as it was", async (test) => {
    const publisher = await publisherIn(temporaryFolder(test));
    const first = await publisher.commit([put(PROXY, "1")], "one", ADMIN);
    for (const path of [
      "../x",
      "/etc/x",
      "a//b",
      "a/./b",
      ".git/config",
      "a/.GIT/x",
      "a\nb",
      "",
      "a\\b",
    ]) {
      await assert.rejects(publisher.commit([put(path, "x")], "m", ADMIN), {
        code: "REQUEST_INVALID",
      });
    }
    await assert.rejects(
      publisher.commit([put(`${PROXY}/below`, "x")], "m", ADMIN),
      /a file and a folder/,
    );
    assert.equal(await publisher.head(), first);
  });

  it("takes only full commit ids, never names or options", async (test) => {
    const publisher = await publisherIn(temporaryFolder(test));
    await publisher.commit([put(PROXY, "1")], "one", ADMIN);
    for (const commit of ["main", "--output=/tmp/x", "HEAD", "abc"]) {
      await assert.rejects(publisher.read(commit), { code: "REQUEST_INVALID" });
    }
  });

  it("refuses to read links and files of more than ten megabytes that others pushed", async (test) => {
    const folder = temporaryFolder(test);
    const publisher = await publisherIn(folder);
    const work = join(folder, "work");
    mkdirSync(work);
    const person = ["-c", "user.name=p", "-c", "user.email=p@q", "--work-tree", work];
    symlinkSync("/etc/passwd", join(work, "link.xml"));
    git(publisher.location, ...person, "add", "-A");
    git(publisher.location, ...person, "commit", "-qm", "link");
    await assert.rejects(publisher.read((await publisher.head()) ?? ""), /"link.xml" is a link/);
    git(publisher.location, ...person, "rm", "-q", "link.xml");
    writeFileSync(join(work, "large"), Buffer.alloc(10 * 1024 * 1024 + 1));
    git(publisher.location, ...person, "add", "-A");
    git(publisher.location, ...person, "commit", "-qm", "large");
    await assert.rejects(publisher.read((await publisher.head()) ?? ""), /at most 10485760/);
  });

  it("does not run hooks that lie in the repository", async (test) => {
    const folder = temporaryFolder(test);
    const publisher = await publisherIn(folder);
    const trace = join(folder, "hook-ran");
    mkdirSync(join(publisher.location, "hooks"));
    for (const hook of ["reference-transaction", "post-commit", "update"]) {
      writeFileSync(join(publisher.location, "hooks", hook), `#!/bin/sh\ntouch ${trace}\n`, {
        mode: 0o755,
      });
    }
    await publisher.commit([put(PROXY, "1")], "one", ADMIN);
    assert.throws(() => git("/", "hash-object", trace));
    // The hook is a working one: git on its own runs it.
    git(publisher.location, "update-ref", "refs/heads/other", "main");
    git("/", "hash-object", trace);
  });

  it("removes half-written packs and crash reports, when opened and after a command that failed", async (test) => {
    const folder = temporaryFolder(test);
    const { location } = await publisherIn(folder);
    const leftovers = [
      "objects/pack/tmp_pack_a1B2c3",
      "objects/ab/tmp_obj_a1B2c3",
      "fast_import_crash_77",
    ].map((name) => join(location, name));
    const leave = () => {
      mkdirSync(join(location, "objects/ab"), { recursive: true });
      for (const path of leftovers) writeFileSync(path, "x");
    };
    leave();
    const publisher = await publisherIn(folder);
    assert.deepEqual(
      leftovers.filter((path) => existsSync(path)),
      [],
    );
    leave();
    await assert.rejects(publisher.moveLive("1".repeat(40), undefined), /no such commit/);
    assert.deepEqual(
      leftovers.filter((path) => existsSync(path)),
      [],
    );
  });

  it("removes locks that a killed git has left, when opened and while running", async (test) => {
    const folder = temporaryFolder(test);
    const { location } = await publisherIn(folder);
    writeFileSync(join(location, "packed-refs.lock"), "");
    writeFileSync(join(location, "refs/heads/main.lock"), "");
    const publisher = await publisherIn(folder);
    await publisher.commit([put(PROXY, "1")], "one", ADMIN);
    writeFileSync(join(location, "refs/heads/main.lock"), "");
    await publisher.commit([put(PROXY, "2")], "two", ADMIN);
    assert.equal((await publisher.history(10)).length, 2);
  });

  it("refuses a folder that holds something else, and does not touch it", async (test) => {
    const folder = temporaryFolder(test);
    mkdirSync(join(folder, "repository.git"));
    writeFileSync(join(folder, "repository.git", "diary.txt"), "dear diary");
    await assert.rejects(publisherIn(folder), /no bare git repository/);
    assert.equal(git("/", "hash-object", join(folder, "repository.git", "diary.txt")).length, 41);
  });
});

describe("the publisher with a remote repository", { concurrency: 4 }, () => {
  it("pushes commits and live, and sees what others push", async (test) => {
    const folder = temporaryFolder(test);
    const { location: remote } = await publisherIn(folder);
    const one = await publisherIn(folder, { folder: join(folder, "one.git"), remote });
    const two = await publisherIn(folder, { folder: join(folder, "two.git"), remote });
    const first = await one.commit([put("1.xml", "1")], "one", ADMIN);
    const second = await two.commit([put("2.xml", "2")], "two", ADMIN);
    assert.equal(await one.head(), second);
    assert.deepEqual(contents(await one.read(second)), { "1.xml": "1", "2.xml": "2" });
    await one.moveLive(first, undefined);
    await two.moveLive(second, first);
    await assert.rejects(one.moveLive(second, first), /live was not moved: it is at/);
    await one.moveLive(first, second);
    assert.equal(git(remote, "rev-parse", "live", "main"), `${first}\n${second}\n`);
    assert.equal(one.location, remote);
  });

  it("commits on top of what another manager pushed at the same moment", async (test) => {
    const folder = temporaryFolder(test);
    const { location: remote } = await publisherIn(folder);
    const one = await publisherIn(folder, { folder: join(folder, "one.git"), remote });
    const two = await publisherIn(folder, { folder: join(folder, "two.git"), remote });
    await Promise.all([
      one.commit([put("1.xml", "1")], "one", ADMIN),
      two.commit([put("2.xml", "2")], "two", ADMIN),
    ]);
    const head = (await one.head()) ?? "";
    assert.deepEqual(contents(await one.read(head)), { "1.xml": "1", "2.xml": "2" });
    assert.equal((await one.history(10)).length, 2);
  });

  it("opens while the remote is down, and says so when it is needed", async (test) => {
    const folder = temporaryFolder(test);
    const publisher = await publisherIn(folder, { remote: join(folder, "absent.git") });
    await assert.rejects(publisher.head(), { code: "DEPLOYMENT_REPOSITORY", retryable: true });
  });
});
