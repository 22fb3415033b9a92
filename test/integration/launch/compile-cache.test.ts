/** Where the launcher has Node keep what it has compiled: never where somebody else could have put something. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { PRODUCT_ROOT } from "../../helpers/node-process.ts";

type Environment = Readonly<Record<string, string | undefined>>;
interface Launcher {
  readonly ownFolder: (packageRoot: string, environment: Environment) => string | undefined;
}

const MODULE = join(PRODUCT_ROOT, "bin", "compile-cache.cjs");
const { ownFolder } = createRequire(import.meta.url)(MODULE) as Launcher;

function temporaryFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "bascule-launch-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test("compiled code is kept in the package, else in the service's or the user's own cache, and nothing is made elsewhere", (context) => {
  const folder = temporaryFolder(context);
  const environment = {
    CACHE_DIRECTORY: `${folder}/service:${folder}/other`,
    XDG_CACHE_HOME: join(folder, "user"),
    HOME: join(folder, "home"),
  };
  for (const name of ["package", "service", "user", "home"]) mkdirSync(join(folder, name));
  const root = join(folder, "package");
  assert.equal(ownFolder(root, environment), join(root, "node_modules", ".cache", "bascule"));
  for (const name of ["service", "user", "home"])
    assert.deepEqual(readdirSync(join(folder, name)), []);
  const missing = join(folder, "no package");
  assert.equal(ownFolder(missing, environment), join(folder, "service", "compiled"));
  const { XDG_CACHE_HOME, HOME } = environment;
  assert.equal(
    ownFolder(missing, { XDG_CACHE_HOME, HOME }),
    join(XDG_CACHE_HOME, "bascule/compiled"),
  );
  assert.equal(ownFolder(missing, { HOME }), join(HOME, ".cache/bascule/compiled"));
  assert.equal(ownFolder(missing, {}), undefined);
});

test("a folder that others can write, that is somebody else's, or that is no folder keeps nothing", (context) => {
  const folder = temporaryFolder(context);
  const place = (name: string): string => {
    const parent = join(folder, name);
    mkdirSync(parent);
    return parent;
  };
  const found = (XDG_CACHE_HOME: string): string | undefined =>
    ownFolder(join(folder, "no package"), { XDG_CACHE_HOME });
  const open = place("open");
  mkdirSync(join(open, "bascule", "compiled"), { recursive: true });
  chmodSync(join(open, "bascule", "compiled"), 0o777);
  assert.equal(found(open), undefined);
  const file = place("file");
  writeFileSync(join(file, "bascule"), "");
  assert.equal(found(file), undefined);
  assert.equal(found("relative"), undefined);
  const own = place("own");
  const compiled = join(own, "bascule", "compiled");
  assert.equal(found(own), compiled);
  if (process.getuid?.() !== 0) return;
  chownSync(compiled, 12_345, 12_345);
  assert.equal(found(own), undefined);
});

test("what the launcher has compiled lies where the operator says, and helps the next start", (context) => {
  const folder = join(temporaryFolder(context), "compiled");
  const launcher = join(PRODUCT_ROOT, "bin", "launch.cjs");
  const env = { ...process.env, NODE_COMPILE_CACHE: folder };
  const { status, stderr } = spawnSync(process.execPath, [launcher, "version"], { env });
  assert.equal(status, 0, stderr.toString());
  const [version = ""] = readdirSync(folder);
  assert.ok(readdirSync(join(folder, version)).length > 3);
});
