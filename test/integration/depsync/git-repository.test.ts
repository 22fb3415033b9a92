/** Upkeep of a repository folder, and objects in packs and loose, over real git. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { GitRepository } from "../../../src/depsync/git-repository.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";
import {
  ADMIN,
  contents,
  git,
  mirrorIn,
  publisherIn,
  put,
  temporaryFolder,
} from "./repository-room.ts";

function counted(gitDir: string): Readonly<Record<string, number>> {
  const lines = git(gitDir, "count-objects", "-v").trim().split("\n");
  return Object.fromEntries(
    lines.map((line) => {
      const [name = "", count] = line.split(": ");
      return [name, Number(count)];
    }),
  );
}

describe("a repository folder", { concurrency: 2 }, () => {
  it("packs its loose objects after a hundred writes, and can be read all the while", async (test) => {
    const publisher = await publisherIn(temporaryFolder(test));
    const commit = await publisher.commit([put("a/b.xml", "1")], "one", ADMIN);
    const gitDir = publisher.location;
    const log = new MemoryLog();
    const repository = new GitRepository({ gitDir, log, managerKeys: () => [], untidyWrites: 0 });
    assert.deepEqual([counted(gitDir)["packs"], counted(gitDir)["count"]], [0, 4]);
    for (let write = 1; write < 100; write += 1) await repository.tidy();
    assert.equal(counted(gitDir)["packs"], 0);
    await repository.tidy();
    assert.equal(counted(gitDir)["packs"], 1);
    for (let write = 1; write <= 100; write += 1) await repository.tidy();
    assert.deepEqual([counted(gitDir)["packs"], counted(gitDir)["count"]], [1, 0]);
    assert.deepEqual(contents(await repository.read(commit)), { "a/b.xml": "1" });
    await assert.rejects(repository.verify("1".repeat(40), []), { code: "DEPLOYMENT_REPOSITORY" });
  });

  it("takes a change of many files as one pack, which workers read", async (test) => {
    const folder = temporaryFolder(test);
    const publisher = await publisherIn(folder);
    const changes = Array.from({ length: 300 }, (_, number) =>
      put(`folder-${number % 7}/${number}.xml`, `${number}`.repeat((number % 5) * 2000)),
    );
    const author = ADMIN;
    const all = await publisher.propose({ base: undefined, changes, message: "all", author });
    assert.equal(counted(publisher.location)["packs"], 1);
    git(publisher.location, "fsck", "--strict");
    const mirror = await mirrorIn(folder, publisher.location);
    await mirror.fetchCandidate(all);
    const expected = Object.fromEntries(
      changes.map(({ path, content }) => [path, content?.toString()]),
    );
    assert.deepEqual(contents(await mirror.read(all)), expected);
    assert.ok((counted(join(folder, "mirror.git"))["packs"] ?? 0) >= 1);
  });

  it("shares between two revisions what did not change", async (test) => {
    const folder = temporaryFolder(test);
    const publisher = await publisherIn(folder);
    const author = ADMIN;
    const changes = [put("a/same.xml", "s"), put("a/changed.xml", "1")];
    const first = await publisher.propose({ base: undefined, changes, message: "1", author });
    const mirror = await mirrorIn(folder, publisher.location);
    await mirror.fetchCandidate(first);
    const before = await mirror.read(first);
    const next = [put("a/changed.xml", "2")];
    const second = await publisher.propose({ base: first, changes: next, message: "2", author });
    await mirror.fetchCandidate(second);
    const after = await mirror.read(second);
    const at = (files: typeof after.files, path: string) => files.find((one) => one.path === path);
    assert.equal(at(after.files, "a/same.xml"), at(before.files, "a/same.xml"));
    assert.equal(at(after.files, "a/changed.xml")?.content.toString(), "2");
  });
});
