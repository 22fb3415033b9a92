/** Changes of trees in memory. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { blobIdOf } from "../../../../src/depsync/git-blobs.ts";
import {
  type Folder,
  listFiles,
  makeFolder,
  nodeAt,
} from "../../../../src/depsync/objects/folder.ts";
import { parseTreeObject } from "../../../../src/depsync/objects/tree-object.ts";
import { changeTree, emptyFolder } from "../../../../src/depsync/objects/tree-change.ts";
import { REVISION_BYTES_MAX } from "../../../../src/depsync/tree-limits.ts";
import { seededChance } from "../../mediation/incremental/changing-tree.ts";
import { differenceOf } from "../../../../src/depsync/objects/tree-difference.ts";

const EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

function changed(before: Folder, files: Readonly<Record<string, string | undefined>>) {
  const changes = Object.entries(files).map(([path, text]) => ({
    path,
    content: text === undefined ? undefined : Buffer.from(text),
  }));
  return changeTree(before, changes, "sha1");
}

const paths = (folder: Folder): readonly string[] => listFiles(folder).map(({ path }) => path);

describe("changeTree", () => {
  const start = changed(emptyFolder("sha1"), {
    "a/b/c.xml": "1",
    "a/d.xml": "2",
    "e.xml": "3",
  }).root;

  it("has git's ids", () => {
    assert.equal(emptyFolder("sha1").id, EMPTY_TREE);
    assert.equal(blobIdOf(Buffer.from("abc")), "f2ba8f84ab5c1bce84a7b441cb1959cfc7093b7f");
    const one = changed(emptyFolder("sha1"), { a: "abc" }).root;
    assert.equal(one.id, "36ba9c05c65158d14ccb391e862ad28b92389794");
    assert.equal(changed(start, { "e.xml": "3" }).root.id, start.id);
  });

  it("makes only the folders on the changed path anew", () => {
    const { root, objects } = changed(start, { "a/d.xml": "new" });
    assert.equal(nodeAt(root, "a/b"), nodeAt(start, "a/b"));
    assert.deepEqual([...objects.values()].map(({ kind }) => kind).sort(), [
      "blob",
      "tree",
      "tree",
    ]);
    assert.deepEqual(
      differenceOf(start, root).map(({ path }) => path),
      ["a/d.xml"],
    );
  });

  it("keeps no empty folders, and lets a file take the place of a folder that goes", () => {
    assert.deepEqual(paths(changed(start, { "a/b/c.xml": undefined }).root), ["a/d.xml", "e.xml"]);
    const files = { a: "file", "a/b/c.xml": undefined, "a/d.xml": undefined };
    assert.deepEqual(paths(changed(start, files).root), ["a", "e.xml"]);
    const back = { "e.xml/below": "1", "e.xml": undefined };
    assert.deepEqual(paths(changed(start, back).root), ["a/b/c.xml", "a/d.xml", "e.xml/below"]);
  });

  it("passes over removals of what is not there", () => {
    const files = { "x/y": undefined, "e.xml/z": undefined, a: undefined };
    assert.equal(changed(start, files).root.id, start.id);
  });

  it("refuses what would be a file and a folder, twins in case, and hostile paths", () => {
    for (const files of [{ a: "1" }, { "e.xml/f": "1" }]) {
      assert.throws(() => changed(start, files), { code: "REQUEST_INVALID" });
    }
    assert.throws(() => changed(start, { "E.XML": "1" }), /differ only in case/);
    assert.throws(() => changed(start, { "A/d.xml": "1" }), /"a" and "A"|"A" and "a"/);
    assert.throws(() => changed(start, { "../x": "1" }), { code: "REQUEST_INVALID" });
  });

  it("sorts folders as git does: as if their names ended with a slash", () => {
    const { root, objects } = changed(emptyFolder("sha1"), { "a/x": "1", "a.b": "2", "a-b": "3" });
    const content = objects.get(root.id)?.content ?? Buffer.alloc(0);
    const names = parseTreeObject(content, 20).map(({ name }) => name);
    assert.deepEqual(names, ["a-b", "a.b", "a"]);
  });
});

describe("changeTree, one change after another", () => {
  it("comes to the tree that is made of the files at once, whatever comes, goes or is another", () => {
    const chance = seededChance(Number(process.env["SEED"] ?? Math.floor(Math.random() * 1e9)));
    const names = [
      "a.xml",
      "b.xml",
      "d/a.xml",
      "d/b.xml",
      "d/e/a.xml",
      "d/e/\u00e4.xml",
      "f/a.xml",
    ];
    const files: Record<string, string> = {};
    let root = emptyFolder("sha1");
    for (let step = 0; step < 300; step += 1) {
      const change: Record<string, string | undefined> = {};
      for (let count = 1 + Math.floor(chance() * 2); count > 0; count -= 1) {
        const name = names[Math.floor(chance() * names.length)] ?? "a.xml";
        change[name] = chance() < 0.2 ? undefined : String(Math.floor(chance() * 5));
      }
      for (const [name, text] of Object.entries(change))
        if (text === undefined) delete files[name];
        else files[name] = text;
      const after = changed(root, change);
      const whole = changed(emptyFolder("sha1"), files).root;
      const { id, bytes } = whole;
      assert.deepEqual(
        [after.root.id, after.root.files, after.root.bytes],
        [id, whole.files, bytes],
      );
      assert.deepEqual(paths(after.root).toSorted(), Object.keys(files).sort());
      root = after.root;
    }
  });

  it("leaves the tree before as it was where one file of many is another", () => {
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`${index}`, "1"]));
    const before = changed(emptyFolder("sha1"), many).root;
    const content = before.content?.toString("hex");
    const { root, objects } = changed(before, { "7": "2" });
    assert.notEqual(root.id, before.id);
    assert.equal(before.content?.toString("hex"), content);
    assert.equal(changed(root, { "7": "1" }).root.id, before.id);
    assert.equal(objects.size, 2);
  });

  it("counts what a file grows by against what a deployment may hold", () => {
    const before = changed(emptyFolder("sha1"), { a: "1", b: "1" }).root;
    const full = { ...before, bytes: REVISION_BYTES_MAX };
    assert.equal(changed(full, { a: "2" }).root.bytes, REVISION_BYTES_MAX);
    assert.throws(() => changed(full, { a: "22" }), /its files take/);
  });
});

describe("parseTreeObject", () => {
  it("refuses what is cut short", () => {
    const line = Buffer.concat([Buffer.from("100644 a\0"), Buffer.alloc(19)]);
    assert.throws(() => parseTreeObject(line, 20), /no tree/);
    assert.throws(() => parseTreeObject(Buffer.from("garbage"), 20), /no tree/);
  });
});

describe("makeFolder", () => {
  it("refuses a name that stands there twice, also where the folder before had it", () => {
    const file = { name: "a", mode: "100644", blob: EMPTY_TREE, bytes: 1 };
    const before = makeFolder("1", [file]);
    assert.throws(() => makeFolder("2", [file, file], before), /"a" and "a"/);
    assert.equal(makeFolder("2", [{ ...file, bytes: 2 }], before).bytes, 2);
  });
});
