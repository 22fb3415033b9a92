/** Which revisions are near a kept one, and what they share with it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { RevisionFile } from "../../../src/depsync/deployment-repository.ts";
import { exchangeFiles, KeptRevisions } from "../../../src/depsync/kept-revisions.ts";
import { type Folder, listFiles } from "../../../src/depsync/objects/folder.ts";
import { changeTree, emptyFolder } from "../../../src/depsync/objects/tree-change.ts";

function treeOf(texts: Readonly<Record<string, string | undefined>>, before?: Folder): Folder {
  const changes = Object.entries(texts).map(([path, text]) => ({
    path,
    content: text === undefined ? undefined : Buffer.from(text),
  }));
  return changeTree(before ?? emptyFolder("sha1"), changes, "sha1").root;
}

function filesOf(root: Folder): readonly RevisionFile[] {
  return listFiles(root).map(({ path, blob }) => ({ path, blob, content: Buffer.from(blob) }));
}

const START = treeOf({ "a.xml": "1", "d/b.xml": "2", "d/e/c.xml": "3" });

function keptStart(): { readonly kept: KeptRevisions; readonly files: readonly RevisionFile[] } {
  const kept = new KeptRevisions();
  const files = filesOf(START);
  kept.keep("start", { root: START, files });
  return { kept, files };
}

test("a tree with other contents at the same paths is near, and shares all other files", () => {
  const { kept, files } = keptStart();
  const root = treeOf({ "d/e/c.xml": "new" }, START);
  const near = kept.near(root);
  assert.deepEqual(
    near?.changes.map(({ path, bytes }) => [path, bytes]),
    [["d/e/c.xml", 3]],
  );
  const [change] = near.changes;
  assert.ok(change);
  const file = { path: change.path, blob: change.blob, content: Buffer.from("new") };
  const exchanged = exchangeFiles(near.kept, [file]);
  assert.deepEqual(
    exchanged.map(({ path, blob }) => [path, blob]),
    listFiles(root).map(({ path, blob }) => [path, blob]),
  );
  assert.equal(exchanged.filter((one) => files.includes(one)).length, 2);
  assert.ok(exchanged.includes(file) && !files.includes(file), "the kept list stays as it is");
});

test("a tree with a path more, less, or of another name is not near; what it shares is found by its path", () => {
  const { kept, files } = keptStart();
  for (const change of [
    { "new.xml": "1" },
    { "a.xml": undefined },
    { "a.xml": undefined, "b.xml": "1" },
    { "d/b.xml": undefined, "d/b.xml/inner": "1" },
  ])
    assert.equal(kept.near(treeOf(change, START)), undefined);
  const [first] = files;
  assert.ok(first);
  assert.equal(kept.shared("a.xml", first.blob), first);
  assert.equal(kept.shared("a.xml", "another"), undefined);
  assert.equal(kept.shared("b.xml", first.blob), undefined);
});

test("the last two revisions are kept, those that came near them too", () => {
  const { kept } = keptStart();
  const second = treeOf({ "a.xml": "second" }, START);
  kept.keep("second", { root: second, files: filesOf(second) }, kept.near(second));
  assert.equal(kept.near(START)?.changes.length, 1);
  const third = treeOf({ "other.xml": "1" });
  for (const commit of ["third", "fourth"]) kept.keep(commit, { root: third, files: [] });
  assert.equal(kept.near(START), undefined);
});
