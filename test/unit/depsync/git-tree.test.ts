/** Which trees are read and which are refused. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FILES_MAX, parseTree } from "../../../src/depsync/git-tree.ts";

const BLOB = "f2ba8f84ab5c1bce84a7b441cb1959cfc7093b7f";

describe("parseTree", () => {
  it("reads paths, ids and sizes", () => {
    const listing = `100644 blob ${BLOB}       3\ta b.xml\u0000100755 blob ${BLOB}     0\tx/y\u0000`;
    assert.deepEqual(parseTree("c", listing), [
      { path: "a b.xml", blob: BLOB, bytes: 3 },
      { path: "x/y", blob: BLOB, bytes: 0 },
    ]);
    assert.deepEqual(parseTree("c", ""), []);
  });

  const refused: readonly (readonly [what: string, line: string, reason: RegExp])[] = [
    ["a link", `120000 blob ${BLOB}  3\ta`, /"a" is a link or a submodule/],
    ["a submodule", `160000 commit ${BLOB}  -\ta`, /"a" is a link or a submodule/],
    ["a hostile path", `100644 blob ${BLOB}  3\t../a`, /has the part/],
    ["a path of git's", `100644 blob ${BLOB}  3\t.Git/config`, /git keeps to itself/],
    ["a large file", `100644 blob ${BLOB}  10485761\ta`, /takes 10485761 bytes/],
    ["what it does not understand", "garbage", /is refused/],
  ];
  for (const [what, line, reason] of refused) {
    it(`refuses ${what}`, () => {
      assert.throws(() => parseTree("c", `${line}\u0000`), reason);
    });
  }

  it("refuses too many files, and too much in all of them", () => {
    const many = Array.from(
      { length: FILES_MAX + 1 },
      (_, n) => `100644 blob ${BLOB} 1\t${n}\u0000`,
    );
    assert.throws(() => parseTree("c", many.join("")), /20001 files, at most 20000/);
    const large = many.slice(0, 30).map((line) => line.replace(" 1\t", " 10000000\t"));
    assert.throws(() => parseTree("c", large.join("")), /its files take 300000000 bytes/);
  });
});
