/** Which trees are read and which are refused. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseTree } from "../../../src/depsync/git-tree.ts";
import { listFiles } from "../../../src/depsync/objects/folder.ts";
import { FILES_MAX } from "../../../src/depsync/tree-limits.ts";

const BLOB = "f2ba8f84ab5c1bce84a7b441cb1959cfc7093b7f";
const TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

const parse = (listing: string) => parseTree("c", TREE, listing);

describe("parseTree", () => {
  it("reads paths, ids and sizes, folders within folders", () => {
    const listing = [
      `100644 blob ${BLOB}       3\ta b.xml`,
      `040000 tree ${TREE}       -\tx`,
      `100755 blob ${BLOB}     0\tx/y`,
      `040000 tree ${TREE}       -\tx/z`,
      `100644 blob ${BLOB}     7\tx/z/w`,
      "",
    ].join("\0");
    const root = parse(listing);
    assert.deepEqual(listFiles(root), [
      { path: "a b.xml", blob: BLOB, bytes: 3 },
      { path: "x/y", blob: BLOB, bytes: 0 },
      { path: "x/z/w", blob: BLOB, bytes: 7 },
    ]);
    assert.deepEqual([root.files, root.bytes], [3, 10]);
    assert.deepEqual(listFiles(parse("")), []);
  });

  const refused: readonly (readonly [what: string, line: string, reason: RegExp])[] = [
    ["a link", `120000 blob ${BLOB}  3\ta`, /"a" is a link or a submodule/],
    ["a submodule", `160000 commit ${BLOB}  -\ta`, /"a" is a link or a submodule/],
    ["a hostile path", `100644 blob ${BLOB}  3\t../a`, /has the part/],
    ["a path of git's", `100644 blob ${BLOB}  3\t.Git/config`, /git keeps to itself/],
    ["a large file", `100644 blob ${BLOB}  10485761\ta`, /takes 10485761 bytes/],
    ["what it does not understand", "garbage", /is refused/],
    ["twins", `100644 blob ${BLOB} 1\tA\u0000100644 blob ${BLOB} 1\ta`, /"A" and "a" differ only/],
  ];
  for (const [what, line, reason] of refused) {
    it(`refuses ${what}`, () => {
      assert.throws(() => parse(`${line}\u0000`), reason);
    });
  }

  it("refuses too many files, and too much in all of them", () => {
    const many = Array.from(
      { length: FILES_MAX + 1 },
      (_, n) => `100644 blob ${BLOB} 1\t${n}\u0000`,
    );
    assert.throws(() => parse(many.join("")), /20001 files, at most 20000/);
    const large = many.slice(0, 30).map((line) => line.replace(" 1\t", " 10000000\t"));
    assert.throws(() => parse(large.join("")), /its files take 300000000 bytes/);
  });
});
