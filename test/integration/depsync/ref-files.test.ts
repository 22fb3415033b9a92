/** Refs read and moved without git's processes, beside git itself. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFileSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, it } from "node:test";
import { runGit } from "../../../src/depsync/git-process.ts";
import { initRepository } from "../../../src/depsync/git-repository.ts";
import { RefFiles } from "../../../src/depsync/ref-files.ts";
import { ANYWHERE } from "../../../src/depsync/ref-names.ts";
import { git, temporaryFolder } from "./repository-room.ts";

const MAIN = "refs/heads/main";
const LIVE = "refs/heads/live";

async function repositoryOf(test: TestContext) {
  const gitDir = join(temporaryFolder(test), "r.git");
  await initRepository(gitDir);
  const tree = execFileSync("git", ["--git-dir", gitDir, "mktree"], {
    input: "",
    encoding: "utf8",
  });
  const person = ["-c", "user.name=a", "-c", "user.email=a@esb.test"];
  const commitOf = (message: string): string =>
    git(gitDir, ...person, "commit-tree", tree.trim(), "-m", message).trim();
  return { gitDir, refs: new RefFiles(gitDir), one: commitOf("one"), two: commitOf("two") };
}

it("moves refs as git sees them, and sees what git has moved or packed", async (test) => {
  const { gitDir, refs, one, two } = await repositoryOf(test);
  const made = [
    { ref: LIVE, to: one, from: undefined },
    { ref: MAIN, to: one, from: ANYWHERE },
  ];
  assert.equal(await refs.move(made), true);
  assert.equal(git(gitDir, "rev-parse", LIVE, MAIN), `${one}\n${one}\n`);
  git(gitDir, "pack-refs", "--all");
  assert.deepEqual(
    await refs.read([LIVE, MAIN]),
    new Map([
      [LIVE, one],
      [MAIN, one],
    ]),
  );
  assert.equal(await refs.move([{ ref: LIVE, to: two, from: one }]), true);
  git(gitDir, "update-ref", MAIN, two);
  assert.deepEqual(
    await refs.read([MAIN, LIVE]),
    new Map([
      [LIVE, two],
      [MAIN, two],
    ]),
  );
  assert.equal(git(gitDir, "for-each-ref", "--format=%(objectname)"), `${two}\n${two}\n`);
});

it("moves none of them where one is elsewhere, and leaves no lock", async (test) => {
  const { gitDir, refs, one, two } = await repositoryOf(test);
  git(gitDir, "update-ref", MAIN, one);
  const moves = [
    { ref: LIVE, to: two, from: undefined },
    { ref: MAIN, to: two, from: two },
  ];
  assert.equal(await refs.move(moves), false);
  assert.deepEqual(await refs.read([LIVE, MAIN]), new Map([[MAIN, one]]));
  assert.equal(existsSync(join(gitDir, `${LIVE}.lock`)), false);
  assert.equal(existsSync(join(gitDir, `${MAIN}.lock`)), false);
});

it("keeps away from a ref that somebody else has locked", async (test) => {
  const { gitDir, refs, one } = await repositoryOf(test);
  writeFileSync(join(gitDir, `${MAIN}.lock`), "");
  for (const names of [[MAIN], [LIVE, MAIN], [MAIN, LIVE]]) {
    const moves = names.map((ref) => ({ ref, to: one, from: undefined }));
    assert.equal(await refs.move(moves), false);
    assert.equal(existsSync(join(gitDir, `${MAIN}.lock`)), true);
    assert.equal(existsSync(join(gitDir, `${LIVE}.lock`)), false);
  }
});

it("removes a ref, but leaves a packed one to git", async (test) => {
  const { gitDir, refs, one } = await repositoryOf(test);
  git(gitDir, "update-ref", LIVE, one);
  assert.equal(await refs.move([{ ref: LIVE, to: undefined, from: one }]), true);
  assert.equal(git(gitDir, "for-each-ref"), "");
  git(gitDir, "update-ref", LIVE, one);
  git(gitDir, "pack-refs", "--all");
  assert.equal(await refs.move([{ ref: LIVE, to: undefined, from: one }]), false);
  assert.deepEqual(await refs.read([LIVE]), new Map([[LIVE, one]]));
});

it("leaves to git what is no plain ref, and repositories that keep refs otherwise", async (test) => {
  const { gitDir, refs, one } = await repositoryOf(test);
  git(gitDir, "update-ref", MAIN, one);
  git(gitDir, "symbolic-ref", LIVE, MAIN);
  assert.equal(await refs.read([LIVE]), undefined);
  assert.equal(await refs.read(["refs/heads"]), undefined);
  appendFileSync(join(gitDir, "config"), "[extensions]\n\trefStorage = reftable\n");
  assert.equal(await refs.read([MAIN]), undefined);
  assert.equal(await refs.move([{ ref: MAIN, to: one, from: ANYWHERE }]), false);
});

it("a git command that says nothing is over when its process is", async (test) => {
  const { gitDir } = await repositoryOf(test);
  const times: number[] = [];
  for (let count = 0; count < 12; count += 1) {
    const startedMs = performance.now();
    assert.equal(await runGit({ gitDir, args: ["for-each-ref"] }), "");
    times.push(performance.now() - startedMs);
  }
  // simple-git's own pause alone is 50 ms.
  assert.ok(Math.min(...times) < 45, times.map(Math.round).join());
});

it("touches no file outside of refs, whatever a name says", async (test) => {
  const { gitDir, refs, one } = await repositoryOf(test);
  const outside = join(gitDir, "..", "kept");
  writeFileSync(outside, `${one}\n`);
  for (const ref of [
    "refs/heads/candidates/../../../../kept",
    "refs/heads/../../config",
    "config",
    "/etc/passwd",
    "refs/heads/a\nb",
    "refs/heads/live.lock",
  ]) {
    assert.equal(await refs.move([{ ref, to: undefined, from: ANYWHERE }]), false, ref);
    assert.equal(await refs.read([ref]), undefined, ref);
  }
  assert.ok(existsSync(outside) && existsSync(join(gitDir, "config")));
});
