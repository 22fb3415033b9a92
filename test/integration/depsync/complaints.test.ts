/** What people complain of in synchronizers over git, one test each: here the repository's part of it. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readdirSync, renameSync, writeFileSync } from "node:fs";
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

async function cluster(test: TestContext) {
  const folder = temporaryFolder(test);
  const publisher = await publisherIn(folder);
  const propose = (base: string | undefined, content: string | Buffer) => {
    const changes = [{ path: PROXY, content: Buffer.from(content) }];
    return publisher.propose({ base, changes, message: "m", author: ADMIN });
  };
  const live = await propose(undefined, "1");
  await publisher.goLive({ commit: live, live: undefined, main: undefined, movesMain: true });
  const log = new MemoryLog();
  const mirror = await mirrorIn(folder, publisher.location, log);
  await mirror.fetchLive();
  await mirror.rememberGood(live);
  return {
    folder,
    publisher,
    propose,
    live,
    log,
    mirror,
    mirrorFolder: join(folder, "mirror.git"),
  };
}

/** Runs limited-writer.ts where no file may be larger than 100 KB; its writes fail as on a full disk. */
function limited(...args: readonly string[]): string {
  const program = join(import.meta.dirname, "limited-writer.ts");
  const script = 'trap "" XFSZ; ulimit -f 100; exec "$@"';
  const command = ["-c", script, "bash", process.execPath, program, ...args];
  return JSON.parse(execFileSync("bash", command, { encoding: "utf8" })) as string;
}

function leftovers(gitDir: string): readonly string[] {
  return readdirSync(gitDir, { recursive: true, encoding: "utf8" }).filter((name) =>
    /tmp_|\.lock$/.test(name),
  );
}

describe("complaints", { concurrency: 3 }, () => {
  it("disk full while a change is committed: it fails in words, and the next one works", async (test) => {
    const { folder, publisher, live } = await cluster(test);
    const failure = limited("propose", folder, "", live);
    assert.match(failure, /does not take new objects: .*(EFBIG|too large)/i);
    assert.deepEqual(leftovers(publisher.location), []);
    assert.deepEqual(await publisher.refs(), { main: live, live });
    assert.equal((await publisherIn(folder).then((one) => one.candidates())).length, 2);
    git(publisher.location, "fsck", "--strict");
  });

  it("disk full while staging: the last good revision stays readable, and with room it is fetched", async (test) => {
    const { folder, publisher, propose, live, mirrorFolder } = await cluster(test);
    const large = await propose(live, randomBytes(500_000));
    const failure = limited("fetch", folder, publisher.location, large);
    assert.match(failure, /^git fetch failed .* 1 files$/);
    assert.deepEqual(leftovers(mirrorFolder), []);
    const mirror = await mirrorIn(folder, publisher.location);
    await mirror.fetchCandidate(large);
    assert.equal((await mirror.read(large)).files[0]?.content.length, 500_000);
  });

  it("kill -9 of git in the middle of a fetch: its locks and halves go, and the next fetch works", async (test) => {
    const { publisher, propose, live, mirror, mirrorFolder } = await cluster(test);
    const next = await propose(live, "2");
    const child = spawn("git", ["--git-dir", mirrorFolder, "update-ref", "--stdin"], {
      stdio: ["pipe", "pipe", "ignore"],
    });
    const exited = once(child, "exit");
    child.stdin.write(`start\nupdate refs/heads/live ${live}\nprepare\n`);
    await once(child.stdout, "data");
    await new Promise((resolve) => setTimeout(resolve, 100));
    child.kill("SIGKILL");
    await exited;
    writeFileSync(join(mirrorFolder, "objects/pack/tmp_pack_half"), "PACK");
    await publisher.goLive({ commit: next, live, main: live, movesMain: true });
    assert.equal(await mirror.fetchLive(), next);
  });

  for (const lock of ["index.lock", "shallow.lock", "packed-refs.lock", "refs/heads/live.lock"]) {
    it(`stale ${lock}: neither a fetch nor a deploy waits for a person`, async (test) => {
      const { publisher, propose, live, mirror, mirrorFolder } = await cluster(test);
      for (const folder of [publisher.location, mirrorFolder])
        writeFileSync(join(folder, lock), "");
      const next = await propose(live, "2");
      await publisher.goLive({ commit: next, live, main: live, movesMain: true });
      await mirror.fetchCandidate(next);
      assert.equal(await mirror.fetchLive(), next);
      assert.deepEqual(contents(await mirror.read(next)), { [PROXY]: "2" });
    });
  }

  it("corrupt pack: the mirror is made anew at the next candidate, and keeps its good revisions", async (test) => {
    const { propose, live, mirror, log, mirrorFolder } = await cluster(test);
    const second = await propose(live, "2");
    await mirror.fetchCandidate(second);
    await mirror.rememberGood(second);
    git(mirrorFolder, "repack", "-a", "-d", "-q");
    const packs = join(mirrorFolder, "objects/pack");
    for (const name of readdirSync(packs).filter((one) => one.endsWith(".pack"))) {
      renameSync(join(packs, name), join(packs, `${name}.away`));
      writeFileSync(join(packs, name), randomBytes(300));
    }
    const third = await propose(live, "3");
    let tries = 0;
    for (let isReady = false; !isReady && tries < 4; tries += 1) {
      isReady = await mirror
        .fetchCandidate(third)
        .then(() => mirror.read(third))
        .then(
          () => true,
          () => false,
        );
    }
    assert.deepEqual(contents(await mirror.read(third)), { [PROXY]: "3" });
    assert.match(log.messages("warn").join(), /is fetched anew/);
    assert.ok((await mirror.goodRevisions()).includes(live));
  });

  it("remote unreachable in the middle: a candidate is refused in words, what runs stays readable", async (test) => {
    const { publisher, propose, live, mirror } = await cluster(test);
    const next = await propose(live, "2");
    renameSync(publisher.location, `${publisher.location}.away`);
    await assert.rejects(mirror.fetchCandidate(next), { retryable: true });
    assert.deepEqual(contents(await mirror.read((await mirror.lastGood()) ?? "")), {
      [PROXY]: "1",
    });
    renameSync(`${publisher.location}.away`, publisher.location);
    await mirror.fetchCandidate(next);
    assert.equal(await mirror.verify(next, [live]), undefined);
  });

  it("remote unreachable at boot: the last three good revisions are there", async (test) => {
    const { folder, publisher, propose, live, mirror } = await cluster(test);
    const all = [live];
    for (const text of ["2", "3", "4"]) {
      const next = await propose(live, text);
      await mirror.fetchCandidate(next);
      await mirror.rememberGood(next);
      all.unshift(next);
    }
    await mirror.rememberGood(all[0] ?? "");
    renameSync(publisher.location, `${publisher.location}.away`);
    const fresh = await mirrorIn(folder, publisher.location);
    assert.deepEqual(await fresh.goodRevisions(), all.slice(0, 3));
    assert.deepEqual(contents(await fresh.read((await fresh.lastGood()) ?? "")), { [PROXY]: "4" });
  });

  it("clock hours off: a commit from the past after one from the future is taken", async (test) => {
    const folder = temporaryFolder(test);
    const clockAt = (wallMs: number) => ({ wallMs: () => wallMs });
    const { FakeClock } = await import("../../helpers/fake-clock.ts");
    const late = Object.assign(new FakeClock(), clockAt(4_000_000_000_000));
    const early = Object.assign(new FakeClock(), clockAt(1_000_000_000_000));
    const first = await publisherIn(folder, { clock: late });
    const base = await first.propose({
      base: undefined,
      changes: [put(PROXY, "1")],
      message: "late",
      author: ADMIN,
    });
    await first.goLive({ commit: base, live: undefined, main: undefined, movesMain: true });
    const second = await publisherIn(folder, { clock: early });
    const changes = [put(PROXY, "2")];
    const next = await second.propose({ base, changes, message: "early", author: ADMIN });
    await second.goLive({ commit: next, live: base, main: base, movesMain: true });
    assert.equal(await second.verify(next, [base]), undefined);
    assert.deepEqual(
      (await second.history(5)).map(({ subject }) => subject),
      ["early", "late"],
    );
  });
});

describe("a hostile repository is refused in a sentence", { concurrency: 3 }, () => {
  /** Commits a tree made by hand on top of live and returns the commit. */
  async function hostile(test: TestContext, lines: (blob: string, tree: string) => string) {
    const { folder, publisher, live, mirror } = await cluster(test);
    const at = publisher.location;
    writeFileSync(join(folder, "content"), "x");
    const blob = git(at, "hash-object", "-w", join(folder, "content")).trim();
    const make = (text: string): string =>
      execFileSync("git", ["--git-dir", at, "mktree", "-z", "--missing"], { input: text })
        .toString()
        .trim();
    const tree = make(lines(blob, make(`100644 blob ${blob}\tf\0`)));
    const name = ["-c", "user.name=m", "-c", "user.email=m@x"];
    const args = ["-C", at, ...name, "commit-tree", "-p", live, "-m", "m", tree];
    const commit = execFileSync("git", args, { encoding: "utf8" }).trim();
    await publisher.nominate(commit);
    await mirror.fetchCandidate(commit);
    return { folder, mirror, commit, live, location: at };
  }

  const cases: readonly (readonly [string, (blob: string, tree: string) => string, RegExp])[] = [
    ["a link", (blob) => `120000 blob ${blob}\tlink\0`, /"link" is a link or a submodule/],
    [
      "a submodule",
      () => `160000 commit ${"1".repeat(40)}\tsub\0`,
      /"sub" is a link or a submodule/,
    ],
    ["a folder of git's", (_, tree) => `040000 tree ${tree}\t.GIT\0`, /git keeps to itself/],
    ["git's short name", (_, tree) => `040000 tree ${tree}\tgit~1\0`, /git keeps to itself/],
    ["a backslash", (blob) => `100644 blob ${blob}\ta\\b\0`, /has a backslash/],
    ["a line break", (blob) => `100644 blob ${blob}\ta\nb\0`, /has control characters/],
    [
      "two names that differ in case",
      (blob) => `100644 blob ${blob}\tA.xml\u0000100644 blob ${blob}\ta.xml\u0000`,
      /"A.xml" and "a.xml" differ only in case/,
    ],
    [
      "two forms of one accent",
      (blob) => `100644 blob ${blob}\te\u0301.xml\u0000100644 blob ${blob}\t\u00e9.xml\u0000`,
      /form of their accents/,
    ],
  ];
  for (const [what, lines, reason] of cases) {
    it(what, async (test) => {
      const { folder, mirror, commit, live, location } = await hostile(test, lines);
      await mirror.read(live);
      await assert.rejects(mirror.read(commit), { code: "DEPLOYMENT_REPOSITORY", message: reason });
      // The same by a mirror that knows no other tree.
      mkdirSync(join(folder, "second"));
      const second = await mirrorIn(join(folder, "second"), location);
      await second.fetchCandidate(commit);
      await assert.rejects(second.read(commit), { code: "DEPLOYMENT_REPOSITORY", message: reason });
      assert.deepEqual(contents(await mirror.read(live)), { [PROXY]: "1" });
    });
  }

  it("a huge file, whether or not another tree is known", async (test) => {
    const { folder, publisher, live, mirror } = await cluster(test);
    writeFileSync(join(folder, "huge"), Buffer.alloc(11 * 1024 * 1024));
    const blob = git(publisher.location, "hash-object", "-w", join(folder, "huge")).trim();
    const input = `100644 blob ${blob}\thuge.bin\0`;
    const options = ["--git-dir", publisher.location];
    const tree = execFileSync("git", [...options, "mktree", "-z"], { input })
      .toString()
      .trim();
    const name = ["-c", "user.name=m", "-c", "user.email=m@x"];
    const commit = execFileSync("git", [...options, ...name, "commit-tree", "-m", "m", tree])
      .toString()
      .trim();
    await publisher.nominate(commit);
    await mirror.read(live);
    await mirror.fetchCandidate(commit);
    await assert.rejects(mirror.read(commit), /takes more than 10485760 bytes/);
    const fresh = await mirrorIn(folder, publisher.location);
    await assert.rejects(fresh.read(commit), /"huge.bin" takes 11534336 bytes/);
    // That is no damage of the mirror: nothing is fetched anew.
    assert.equal(await mirror.fetchLive(), live);
    assert.deepEqual(contents(await mirror.read(live)), { [PROXY]: "1" });
  });

  it("attributes, hooks and filters change nothing of what is read", async (test) => {
    const { propose, publisher, live, mirror } = await cluster(test);
    await propose(live, "x");
    const commit = await publisher.propose({
      base: live,
      changes: [
        put(".gitattributes", "* ident eol=crlf filter=evil text\n"),
        put("a.xml", "$Id$\nb\n"),
        put("hooks/post-update", "#!/bin/sh\nexit 1\n"),
      ],
      message: "m",
      author: ADMIN,
    });
    await mirror.fetchCandidate(commit);
    assert.equal(contents(await mirror.read(commit))["a.xml"], "$Id$\nb\n");
  });
});
