/** What people ask of revisions, over real git: differences by line, and commits by the first digits of their ids. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ADMIN, PROXY, git, publisherIn, put, temporaryFolder } from "./repository-room.ts";

describe("the difference of two revisions by line", { concurrency: 4 }, () => {
  it("is told for the asked paths, with the lines around each change", async (test) => {
    const publisher = await publisherIn(temporaryFolder(test));
    const odd = ':(glob)*"ü.xml';
    const first = await publisher.commit(
      [put(PROXY, "a\nb\nc\n"), put(odd, "x\n"), put("z.xml", "same\n")],
      "one",
      ADMIN,
    );
    const second = await publisher.commit([put(PROXY, "a\nB\nc\n"), put(odd, "y\n")], "two", ADMIN);
    const paths = (await publisher.diff(first, second)).map(({ path }) => path);
    const lines = await publisher.lines(first, second, paths);
    assert.equal(lines.get(PROXY), "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n");
    assert.equal(lines.get(odd), "@@ -1 +1 @@\n-x\n+y\n");
    assert.equal(lines.size, 2);
  });

  it("is not led astray by contents that look like git's own lines, nor by attributes", async (test) => {
    const publisher = await publisherIn(temporaryFolder(test));
    const tricky = "diff --git a/x b/x\n@@ -1 +1 @@\n";
    const first = await publisher.commit([put("a.xml", "1\n")], "one", ADMIN);
    const changes = [put("a.xml", tricky), put("b.xml", "2\n"), put(".gitattributes", "* -diff\n")];
    const second = await publisher.commit(changes, "two", ADMIN);
    const lines = await publisher.lines(first, second, ["a.xml", "b.xml"]);
    assert.equal(lines.get("a.xml"), "@@ -1 +1,2 @@\n-1\n+diff --git a/x b/x\n+@@ -1 +1 @@\n");
    assert.equal(lines.get("b.xml"), "@@ -0,0 +1 @@\n+2\n");
  });

  it("begins with everything where there was nothing, and is empty for a binary file", async (test) => {
    const publisher = await publisherIn(temporaryFolder(test));
    const binary = { path: "carbonapps/A.car", content: Buffer.from([80, 75, 0, 1, 2]) };
    const first = await publisher.commit([put(PROXY, "a\n"), binary], "one", ADMIN);
    const lines = await publisher.lines(undefined, first, [binary.path, PROXY]);
    assert.equal(lines.get(PROXY), "@@ -0,0 +1 @@\n+a\n");
    assert.equal(lines.get(binary.path), "");
  });
});

describe("candidates that have become live", () => {
  it("are none any more, and make room for those that were refused", async (test) => {
    const publisher = await publisherIn(temporaryFolder(test));
    const propose = async (text: string) => {
      const { live: base, main } = await publisher.refs();
      const changes = [put(PROXY, text)];
      const commit = await publisher.propose({ base, changes, message: "m", author: ADMIN });
      return { commit, goLive: { commit, live: base, main, movesMain: true } };
    };
    await publisher.goLive((await propose("first\n")).goLive);
    const refused = await propose("refused\n");
    for (let count = 0; count < 21; count += 1) {
      await publisher.goLive((await propose(`${count}\n`)).goLive);
    }
    assert.deepEqual(
      (await publisher.candidates()).map(({ commit }) => commit),
      [refused.commit],
    );
    const refs = git(publisher.location, "for-each-ref", "refs/heads/candidates").split("\n");
    assert.equal(refs.length - 1, 2, "the refused one, and the last that went live");
  });
});

describe("a commit by the first digits of its id", () => {
  it("is found, among commits only; one that is not there is undefined", async (test) => {
    const publisher = await publisherIn(temporaryFolder(test));
    const first = await publisher.commit([put(PROXY, "a\n")], "one", ADMIN);
    assert.equal(await publisher.expand(first.slice(0, 7)), first);
    assert.equal(await publisher.expand(first), first);
    const blob = (await publisher.fileAt(first, PROXY))?.blob ?? "";
    assert.equal(await publisher.expand(blob.slice(0, 12)), undefined);
    assert.equal(await publisher.expand("0123456789"), undefined);
  });

  it("is refused when it is too short, or no digits at all", async (test) => {
    const publisher = await publisherIn(temporaryFolder(test));
    for (const prefix of ["abc", "main~1", "--all", "HEAD", ""])
      await assert.rejects(publisher.expand(prefix), { code: "REQUEST_INVALID" });
  });
});
