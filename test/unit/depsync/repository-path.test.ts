/** Which paths may be deployed. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isDeployedPath } from "../../../src/depsync/deployment-files.ts";
import { checkPath, pathFault } from "../../../src/depsync/repository-path.ts";

describe("pathFault", () => {
  const fine = [
    "synapse-configs/default/proxy-services/P.xml",
    "a",
    "with space/ü.xml",
    ".gitignore",
    ".github/x",
    "-dash",
    'quote".xml',
  ];
  for (const path of fine) it(`allows ${path}`, () => assert.equal(pathFault(path), undefined));

  const hostile = [
    "",
    "/absolute",
    "a//b",
    "a/",
    "./a",
    "a/../b",
    "..",
    ".git/config",
    "a/.GiT/x",
    ".git. /x",
    "git~1/x",
    ".git::$INDEX_ALLOCATION/x",
    ".g\u200cit/config",
    "a\u0000b",
    "a\nb",
    "a\u007fb",
    "a\\b",
    "bad\uFFFDutf8",
    "x".repeat(1025),
  ];
  for (const path of hostile) {
    it(`refuses ${JSON.stringify(path.slice(0, 40))}`, () => {
      assert.notEqual(pathFault(path), undefined);
      assert.throws(() => checkPath(path), { code: "REQUEST_INVALID" });
    });
  }
});

describe("isDeployedPath", () => {
  it("is true for files below synapse-configs that nobody passes over", () => {
    assert.ok(isDeployedPath("synapse-configs/default/api/A.xml"));
    for (const path of [
      "README.md",
      "synapse-configs",
      "synapse-configs/a.bak",
      "synapse-configs/.x/a",
      "synapse-configs/a~",
    ]) {
      assert.ok(!isDeployedPath(path), path);
    }
  });
});
