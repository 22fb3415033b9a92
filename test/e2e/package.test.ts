/** The published package and the first steps on a machine: what `npm pack` holds, and what an unfit Node is told. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { PRODUCT_VERSION } from "../../src/runtime/product.ts";
import { PRODUCT_ROOT } from "../helpers/node-process.ts";

function temporaryFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "bascule-package-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test("npm pack gives a tarball whose program runs from dist/, without sources or tests in it", (context) => {
  const folder = temporaryFolder(context);
  const checkout = join(folder, "checkout");
  mkdirSync(checkout);
  const wanted = ["package.json", "package-lock.json", "bootstrap.mjs", "README.md", "LICENSE"];
  const more = ["bin", "conf", "docs", "src", "scripts", "tsconfig.json", "tsconfig.build.json"];
  for (const name of [...wanted, ...more]) {
    cpSync(join(PRODUCT_ROOT, name), join(checkout, name), { recursive: true });
  }
  mkdirSync(join(checkout, "node_modules"));
  for (const name of [".bin", ".lock-hash"]) {
    symlinkSync(join(PRODUCT_ROOT, "node_modules", name), join(checkout, "node_modules", name));
  }
  symlinkSync(join(PRODUCT_ROOT, "node_modules"), join(folder, "node_modules"));
  const tarball = `bascule-${PRODUCT_VERSION}.tgz`;
  execFileSync("npm", ["pack", "--silent", "--pack-destination", folder], { cwd: checkout });
  execFileSync("tar", ["-xzf", tarball], { cwd: folder });
  const inside = execFileSync("tar", ["-tzf", tarball], { cwd: folder }).toString();
  assert.doesNotMatch(inside, /\/(src|test|scripts)\//);
  for (const file of [
    "dist/main.js",
    "bin/bascule-gateway",
    "conf/axis2/axis2.xml",
    "conf/systemd/bascule-worker.service",
  ]) {
    assert.ok(inside.includes(`package/${file}\n`), file);
  }
  const program = join(folder, "package", "bin", "bascule");
  assert.match(
    execFileSync(program, ["version"]).toString(),
    /^bascule \d+\.\d+\.\d+ \(Node\.js v?24\./,
  );
  const files = join(folder, "gateway.conf");
  writeFileSync(files, "events {}\nhttp { server { listen 127.0.0.1:1; return 204; } }\n");
  const gateway = spawnSync(join(folder, "package", "bin", "bascule-gateway"), [
    "-t",
    "-p",
    folder,
    "-c",
    files,
  ]);
  assert.equal(gateway.status, 0, gateway.stderr.toString());
});

test("a Node that is too old is told so in one sentence, and ends with status 1", (context) => {
  const preload = join(temporaryFolder(context), "old-node.cjs");
  writeFileSync(
    preload,
    'Object.defineProperty(process.versions, "node", { value: "20.20.2" });\n',
  );
  const launcher = join(PRODUCT_ROOT, "bin", "launch.cjs");
  const { status, stderr } = spawnSync(process.execPath, [
    "--require",
    preload,
    launcher,
    "version",
  ]);
  assert.equal(status, 1);
  assert.match(stderr.toString(), /needs Node\.js 24\.12 or newer, but this is 20\.20\.2/);
});

test("the launcher and the bootstrap are written in what an old Node can parse", () => {
  for (const file of ["bin/launch.cjs", "bin/compile-cache.cjs", "bootstrap.mjs"]) {
    const old = spawnSync("node", ["--check", join(PRODUCT_ROOT, file)]);
    assert.equal(old.status, 0, old.stderr.toString());
  }
});
