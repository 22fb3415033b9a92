/** When bootstrap.mjs installs: run in a folder of its own, with an npm that only notes what it was asked. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

type Packages = Readonly<Record<string, object>>;

const PROJECT = { "": { name: "project", version: "1.0.0" } };
const ONE = { version: "1.0.0", integrity: "sha512-one" };
const TOOL = { version: "2.0.0", integrity: "sha512-tool", dev: true };
const OWN = { version: "3.0.0", optional: true, os: [process.platform], cpu: process.arch };
const FOREIGN = { version: "3.0.0", optional: true, os: ["aix"], cpu: ["ppc64"] };
const WANTED: Packages = {
  "node_modules/one": ONE,
  "node_modules/tool": TOOL,
  "node_modules/own": OWN,
  "node_modules/foreign": FOREIGN,
  "node_modules/not-here": { ...FOREIGN, os: [`!${process.platform}`] },
};
const INSTALLED: Packages = {
  "node_modules/one": ONE,
  "node_modules/tool": TOOL,
  "node_modules/own": OWN,
};

function room(context: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "bascule-bootstrap-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = (...names: string[]): string => join(folder, ...names);
  mkdirSync(path("bin"));
  mkdirSync(path("node_modules"));
  writeFileSync(path("bin", "npm"), `#!/bin/sh\necho "$@" >> ${path("asked")}\n`);
  chmodSync(path("bin", "npm"), 0o755);
  copyFileSync(join(import.meta.dirname, "../../../bootstrap.mjs"), path("bootstrap.mjs"));
  const lock = (packages: Packages): string => JSON.stringify({ lockfileVersion: 3, packages });
  writeFileSync(path("package-lock.json"), lock({ ...PROJECT, ...WANTED }));
  return {
    installed: (packages: Packages) =>
      writeFileSync(path("node_modules/.package-lock.json"), lock(packages)),
    damaged: () => writeFileSync(path("node_modules/.package-lock.json"), "{"),
    /** What npm was asked in this run. */
    run: (): string => {
      rmSync(path("asked"), { force: true });
      const env = { ...process.env, PATH: `${path("bin")}:${process.env["PATH"]}` };
      const { status, stderr } = spawnSync(process.execPath, [path("bootstrap.mjs")], { env });
      assert.equal(status, 0, String(stderr));
      assert.equal(existsSync(path(".bascule-install-lock")), false);
      return existsSync(path("asked")) ? readFileSync(path("asked"), "utf8") : "";
    },
  };
}

test("what npm ci has installed is not installed again", (context) => {
  const { installed, damaged, run } = room(context);
  installed(INSTALLED);
  assert.equal(run(), "");
  // From now on the stamp says so.
  damaged();
  assert.equal(run(), "");
});

test("what is missing, other or too much is installed, once", (context) => {
  const { "node_modules/tool": _, ...noTool } = INSTALLED;
  const { "node_modules/own": __, ...noOwn } = INSTALLED;
  const others: readonly Packages[] = [
    {},
    noTool,
    noOwn,
    { ...INSTALLED, "node_modules/one": { ...ONE, version: "1.0.1" } },
    { ...INSTALLED, "node_modules/one": { ...ONE, integrity: "sha512-other" } },
    { ...INSTALLED, "node_modules/more": ONE },
  ];
  for (const packages of others) {
    const { installed, run } = room(context);
    installed(packages);
    assert.match(run(), /^ci --ignore-scripts --include=dev /, JSON.stringify(packages));
    assert.equal(run(), "");
  }
});

test("without npm's list, or with a damaged one, everything is installed", (context) => {
  assert.match(room(context).run(), /^ci /);
  const { damaged, run } = room(context);
  damaged();
  assert.match(run(), /^ci /);
});
