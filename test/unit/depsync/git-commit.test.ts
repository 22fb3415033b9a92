/** What a commit is made of. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, it } from "node:test";
import { formatCommit, makeCommit } from "../../../src/depsync/git-commit.ts";
import { parseCommitObject, parseTrailers } from "../../../src/depsync/objects/commit-object.ts";
import { isSignatureOf, readSshSignature } from "../../../src/depsync/signatures/ssh-signature.ts";

const TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
const LEFT_OUT = "1".repeat(40);
const stamp = { wallSeconds: 12.9, mailDomain: "d", signingKey: undefined };

describe("formatCommit", () => {
  it("keeps user text from breaking out of its place", () => {
    const commit = formatCommit(
      {
        base: undefined,
        changes: [],
        message: "subject\u0000\r\nbody\n\nLeaves-Out: nothing",
        author: { user: "e<v>i\nl", via: "cli" },
        leavesOut: LEFT_OUT,
        trailers: [["Bad Key\n", "x\nparent y"]],
      },
      TREE,
      stamp,
    ).toString();
    assert.equal(
      commit,
      `tree ${TREE}\nparent ${LEFT_OUT}\n` +
        "author evil <e-v-i-l@d> 12 +0000\n" +
        "committer Bascule manager <manager@d> 12 +0000\n\n" +
        "subject \nbody\n\nLeaves-Out: nothing\n\n" +
        `Deployed-By: cli\nLeaves-Out: ${LEFT_OUT}\nBad-Key-: x parent y\n`,
    );
    assert.deepEqual(parseTrailers(commit)[1], ["Leaves-Out", LEFT_OUT]);
  });
});

describe("makeCommit", () => {
  it("signs exactly what git takes for the signed part", () => {
    const { privateKey } = generateKeyPairSync("ed25519");
    const proposal = {
      base: undefined,
      changes: [{ path: "a", content: Buffer.from("1") }],
      message: "ü",
      author: { user: "a", via: "api" },
    } as const;
    const made = makeCommit(proposal, undefined, { ...stamp, signingKey: privateKey });
    const object = made?.objects.get(made.commit);
    assert.ok(made && object);
    const commit = parseCommitObject(object);
    assert.equal(commit.tree, made.root.id);
    assert.equal(commit.message, "ü\n\nDeployed-By: api\n");
    const signature = readSshSignature(commit.signature ?? "");
    assert.equal(isSignatureOf(signature, commit.payload), true);
    assert.equal(commit.payload.toString(), formatCommit(proposal, made.root.id, stamp).toString());
    const other = Buffer.from(commit.payload.toString().replace("ü", "u"));
    assert.equal(isSignatureOf(signature, other), false);
  });

  it("is nothing where nothing changes", () => {
    const proposal = {
      base: undefined,
      changes: [{ path: "a", content: Buffer.from("1") }],
      message: "m",
      author: { user: "a", via: "api" },
    } as const;
    const first = makeCommit(proposal, undefined, stamp);
    assert.ok(first);
    const again = { ...proposal, base: first.commit };
    assert.equal(makeCommit(again, first.root, stamp), undefined);
    assert.ok(makeCommit({ ...again, leavesOut: LEFT_OUT }, first.root, stamp));
    assert.ok(makeCommit({ ...again, allowsEmpty: true }, first.root, stamp));
  });
});

describe("parseCommitObject", () => {
  const parse = (text: string) => parseCommitObject({ kind: "commit", content: Buffer.from(text) });

  it("takes both kinds of signatures out of what was signed, wherever they stand", () => {
    const text = `tree ${TREE}\ngpgsig A\n B\nauthor x <y> 1 +0200\ngpgsig-sha256 C\n D\n\nm\n`;
    const commit = parse(text);
    assert.equal(commit.signature, "A\nB");
    assert.equal(commit.payload.toString(), `tree ${TREE}\nauthor x <y> 1 +0200\n\nm\n`);
  });

  it("refuses two signatures, and what is no commit", () => {
    assert.throws(() => parse(`tree ${TREE}\ngpgsig A\ngpgsig B\n\nm`), /two signatures/);
    assert.throws(() => parse("hello"), /no commit/);
    for (const text of [
      `tree ${TREE}\nauthor x <y> 1 +0200\nparent ${LEFT_OUT}\n\nm`,
      `tree ${TREE}\ngpgsig A\nparent ${LEFT_OUT}\n\nm`,
      `tree ${TREE}\ntree ${LEFT_OUT}\n\nm`,
      `gpgsig-sha256 A\ntree ${TREE}\n\nm`,
    ])
      assert.throws(() => parse(text), /do not stand at its top/);
    assert.throws(
      () => parseCommitObject({ kind: "blob", content: Buffer.from(`tree ${TREE}\n\n`) }),
      /no commit/,
    );
  });
});
