/** What a commit is made of. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { blobIdOf } from "../../../src/depsync/git-blobs.ts";
import { effectiveChanges, formatCommit } from "../../../src/depsync/git-commit.ts";

const BLOB = "f2ba8f84ab5c1bce84a7b441cb1959cfc7093b7f";

describe("effectiveChanges", () => {
  const entries = [{ path: "a", blob: blobIdOf(Buffer.from("1")), bytes: 1 }];
  const effective = (path: string, text: string | undefined) =>
    effectiveChanges(
      entries,
      [{ path, content: text === undefined ? undefined : Buffer.from(text) }],
      blobIdOf,
    );

  it("keeps what changes something and drops what does not", () => {
    assert.equal(effective("a", "2").length, 1);
    assert.equal(effective("a", undefined).length, 1);
    assert.equal(effective("a", "1").length, 0);
    assert.equal(effective("b", undefined).length, 0);
  });

  it("refuses a file where a folder is, unless the folder goes", () => {
    assert.throws(() => effective("a/b", "1"), /"a" would be a file and a folder/);
    const both = [
      { path: "a", content: undefined },
      { path: "a/b", content: Buffer.from("1") },
    ];
    assert.equal(effectiveChanges(entries, both, blobIdOf).length, 2);
  });

  it("has git's blob ids", () => {
    assert.equal(blobIdOf(Buffer.from("abc")), BLOB);
  });
});

describe("formatCommit", () => {
  it("keeps user text from breaking out of its place", () => {
    const stream = formatCommit({
      parent: undefined,
      changes: [{ path: 'a "b"', content: Buffer.from("x\nD c\n") }],
      message: "subject\u0000\r\nbody",
      author: { user: "e<v>i\nl", via: "cli" },
      wallSeconds: 12.9,
      mailDomain: "d",
    }).toString();
    assert.equal(
      stream,
      "commit refs/bascule/candidate\nmark :1\n" +
        "author evil <e-v-i-l@d> 12 +0000\n" +
        "committer Bascule manager <manager@d> 12 +0000\n" +
        "data 32\nsubject \nbody\n\nDeployed-By: cli\n\n" +
        'M 100644 inline "a \\"b\\""\ndata 6\nx\nD c\n\n' +
        "\nget-mark :1\ndone\n",
    );
  });
});
