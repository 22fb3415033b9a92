import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, it } from "node:test";
import { readStageRequest } from "../../../src/depsync/barrier/revision-stage-messages.ts";
import type { FileChange } from "../../../src/depsync/deployment-repository.ts";
import { makeCommit } from "../../../src/depsync/git-commit.ts";
import { emptyFolder } from "../../../src/depsync/objects/tree-change.ts";
import { PATCH_BYTES_MAX, applyPatch, makePatch } from "../../../src/depsync/revision-patch.ts";

const STAMP = {
  wallSeconds: 1,
  mailDomain: "esb.test",
  signingKey: generateKeyPairSync("ed25519").privateKey,
};
const AUTHOR = { user: "alice", via: "api" } as const;

function put(path: string, content: string): FileChange {
  return { path, content: Buffer.from(content) };
}

/** A base with the files A, B and K, and a commit on top of it that changes A, removes B and adds C. */
function candidate() {
  const start = {
    changes: [put("x/A.xml", "a"), put("B.xml", "b"), put("K.xml", "k")],
    message: "one",
  };
  const before = makeCommit({ ...start, base: undefined, author: AUTHOR }, undefined, STAMP);
  assert.ok(before);
  const changes = [put("x/A.xml", "aa"), { path: "B.xml", content: undefined }, put("C.xml", "ü")];
  const proposal = { base: before.commit, changes, message: "two", author: AUTHOR };
  const after = makeCommit(proposal, before.root, STAMP);
  assert.ok(after);
  const object = after.objects.get(after.commit)?.content ?? Buffer.alloc(0);
  const patch = makePatch(before.commit, object, changes);
  assert.ok(patch);
  return { before, after, changes, object, patch };
}

describe("a patch of a candidate", () => {
  it("makes the very objects of the commit, after a way through JSON", () => {
    const { before, after, patch } = candidate();
    const { commit } = after;
    const sent = JSON.stringify({ deployment: 1, commit, live: before.commit, patch });
    const read = readStageRequest(JSON.parse(sent)).patch;
    assert.deepEqual(read, patch);
    const { root, objects, contents } = applyPatch(commit, patch, before.root);
    assert.equal(root.id, after.root.id);
    assert.deepEqual([...objects.keys()].sort(), [...after.objects.keys()].sort());
    assert.deepEqual([...contents.values()].map(String).sort(), ["aa", "ü"]);
  });

  it("is refused when the commit is another one than it says", () => {
    const { before, patch } = candidate();
    assert.throws(() => applyPatch("1".repeat(40), patch, before.root), /another id/);
  });

  it("is refused when a content is another one than the commit's", () => {
    const { before, after, patch } = candidate();
    const files = patch.files.map((file) => ({ ...file, content: file.content && "ZXZpbA==" }));
    assert.throws(
      () => applyPatch(after.commit, { ...patch, files }, before.root),
      /do not make its tree/,
    );
  });

  it("is refused when its base is not the commit's parent, which nobody else would bring", () => {
    const { before, after, patch } = candidate();
    const other = { ...patch, base: "2".repeat(40) };
    assert.throws(() => applyPatch(after.commit, other, before.root), /base is not its parent/);
  });

  it("is refused when it names a path that is not allowed", () => {
    const { before, after, patch } = candidate();
    const files = [...patch.files, { path: "../../etc/passwd", content: "" }];
    assert.throws(() => applyPatch(after.commit, { ...patch, files }, before.root), {
      code: "REQUEST_INVALID",
    });
  });

  it("is refused on another tree than its base's", () => {
    const { after, patch } = candidate();
    assert.throws(() => applyPatch(after.commit, patch, emptyFolder("sha1")), /its tree/);
  });

  it("is not made of more than what fits into a message", () => {
    const { before, object, changes } = candidate();
    const large = { path: "D.xml", content: Buffer.alloc(PATCH_BYTES_MAX) };
    assert.equal(makePatch(before.commit, object, [...changes, large]), undefined);
    const many = Array.from({ length: 101 }, (_, index) => put(`${index}.xml`, ""));
    assert.equal(makePatch(before.commit, object, many), undefined);
  });

  it("is read strictly", () => {
    const { before, after, patch } = candidate();
    const request = { deployment: 1, commit: after.commit, live: before.commit };
    for (const wrong of [
      { ...patch, base: "main" },
      { ...patch, commit: "no base64" },
      { ...patch, files: [{ path: "A.xml", content: 1 }] },
      { ...patch, files: [{ path: "A.xml" }] },
      { ...patch, files: {} },
    ])
      assert.throws(() => readStageRequest({ ...request, patch: wrong }), {
        code: "REQUEST_INVALID",
      });
  });
});
