import assert from "node:assert/strict";
import { test } from "node:test";
import { planDeploy, planUndeploy } from "../../../src/manager/deployment-plan.ts";
import { resourcePathOfKey } from "../../../src/manager/registry-key.ts";
import { resourceKeyOf } from "../../../src/mediation/registry-place.ts";
import type { CompiledTree } from "../../../src/manager/revisions.ts";

function treeOf(...paths: readonly string[]): CompiledTree {
  const files = paths.map((path) => [path, { path, content: Buffer.from("old") }] as const);
  return { files: new Map(files), artifacts: [], problems: [], warnings: [] };
}

test("keys and places are each other's, in every form in which artifacts write a key", () => {
  for (const [key, path] of [
    ["conf:/a/b.xslt", "registry/config/a/b.xslt"],
    ["gov:/q.wsdl", "registry/governance/q.wsdl"],
  ] as const) {
    assert.equal(resourcePathOfKey(key), path);
    assert.equal(resourceKeyOf(path), key);
  }
  assert.equal(resourcePathOfKey("conf:a.txt"), "registry/config/a.txt");
  assert.equal(resourcePathOfKey("/_system/governance/a.txt"), "registry/governance/a.txt");
  assert.equal(resourceKeyOf("synapse-configs/default/api/A.xml"), undefined);
});

test("a key that leads elsewhere, or cannot be a file, is none", () => {
  for (const key of [
    "",
    "conf:/",
    "formats/a.txt",
    "conf:/../synapse-configs/default/api/A.xml",
    "conf:/a//b",
    "conf:/.git/config",
    "conf:/a/~b",
    "conf:/a\\b",
    "conf:/a\nb",
    "conf:/a/",
    `conf:/${"x".repeat(201)}`,
    `conf:/${"x/".repeat(30)}y`,
  ])
    assert.equal(resourcePathOfKey(key), undefined, JSON.stringify(key));
});

test("any bytes can be a resource, also what would be an artifact or an application", () => {
  const proxy = Buffer.from('<proxy xmlns="http://ws.apache.org/ns/synapse" name="P"/>');
  const plan = planDeploy([{ name: "P.xml", content: proxy, key: "conf:p.xml" }], treeOf());
  assert.deepEqual(plan.changes, [{ path: "registry/config/p.xml", content: proxy }]);
  assert.deepEqual(plan.artifacts, [
    { kind: "registry-resource", name: "conf:/p.xml", path: "registry/config/p.xml" },
  ]);
});

test("a wrong key is said with the name of the file, and taking out what is not there finds nothing", () => {
  const faulty = { name: "a.txt", content: Buffer.from("a"), key: "a" };
  assert.throws(
    () => planDeploy([faulty], treeOf()),
    /"a" is no key of a registry resource: it must be conf:\/PATH or gov:\/PATH, with names of files in a\.txt:1/,
  );
  const tree = treeOf("registry/config/a.txt");
  assert.equal(planUndeploy("registry-resource", "conf:/b.txt", tree), undefined);
  assert.equal(planUndeploy("registry-resource", "a.txt", tree), undefined);
  assert.deepEqual(planUndeploy("registry-resource", "/_system/config/a.txt", tree)?.artifacts, [
    { kind: "registry-resource", name: "conf:/a.txt", path: "registry/config/a.txt" },
  ]);
});
