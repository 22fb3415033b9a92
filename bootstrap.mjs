// Installs what package-lock.json asks for, once per content of that file, and says so. What `npm ci` has installed
// already, as its own list in node_modules tells, is not installed again.
// Plain JavaScript for any Node >= 20: it runs before the Node that the project needs is there.
// No install script of any package is run: the fitting Node comes as an ordinary package.

import { createHash } from "node:crypto";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(fileURLToPath(import.meta.url));
const lockFile = join(root, "package-lock.json");
const stampFile = join(root, "node_modules", ".lock-hash");
/** npm's own list of what it has installed, written when it is done. */
const installedFile = join(root, "node_modules", ".package-lock.json");
const lockFolder = join(root, ".bascule-install-lock");
const LOCK_AGE_MS_MAX = 10 * 60_000;

function readOrEmpty(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function wantedStamp() {
  const hash = createHash("sha256");
  hash.update(readFileSync(lockFile));
  return `${hash.digest("hex")} ${process.platform}-${process.arch}\n`;
}

/** The packages of a lock file by their folders, the project itself left out; undefined: it is none. */
function packagesOf(file) {
  try {
    const { "": _, ...packages } = JSON.parse(readFileSync(file, "utf8")).packages;
    return packages;
  } catch {
    return undefined;
  }
}

/** npm's rule for `os`, `cpu` and `libc`: one of the names, and none of those with an exclamation mark. */
function allows(names, own) {
  const all = [names ?? []].flat();
  const wanted = all.filter((name) => !name.startsWith("!"));
  return !all.includes(`!${own}`) && (wanted.length === 0 || wanted.includes(own));
}

function ownLibc() {
  process.report.excludeNetwork = true;
  return process.report.getReport().header.glibcVersionRuntime ? "glibc" : "musl";
}

/** Whether npm leaves the package out on this machine. */
function isForOthers({ optional, os, cpu, libc }) {
  if (!optional) return false;
  if (!allows(os, process.platform) || !allows(cpu, process.arch)) return true;
  return libc !== undefined && !allows(libc, ownLibc());
}

/** Whether node_modules has every package of package-lock.json that this machine needs, as it stands there, and no other. */
function isInstalled() {
  const [wanted, installed] = [packagesOf(lockFile), packagesOf(installedFile)];
  if (!wanted || !installed) return false;
  const isSame = (one, other) => one.version === other.version && one.integrity === other.integrity;
  return (
    Object.keys(installed).every((folder) => Object.hasOwn(wanted, folder)) &&
    Object.entries(wanted).every(([folder, entry]) =>
      Object.hasOwn(installed, folder) ? isSame(entry, installed[folder]) : isForOthers(entry),
    )
  );
}

/** Takes the lock that keeps two installs apart; waits while another install holds it. */
function takeLock() {
  for (let said = false; ;) {
    try {
      mkdirSync(lockFolder);
      return;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    let ageMs = 0;
    try {
      ageMs = Date.now() - statSync(lockFolder).mtimeMs;
    } catch {
      continue;
    }
    if (ageMs > LOCK_AGE_MS_MAX) rmdirSync(lockFolder);
    else {
      if (!said) console.error("bascule: another install is under way, waiting for it");
      said = true;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
    }
  }
}

function install() {
  console.error("bascule: installing dependencies from package-lock.json (once, about 15 s) ...");
  const started = Date.now();
  const args = ["ci", "--ignore-scripts", "--include=dev", "--include=optional", "--no-audit"];
  const result = spawnSync("npm", [...args, "--no-fund", "--engine-strict=false"], {
    cwd: root,
    stdio: ["ignore", process.stderr, process.stderr],
    // npm hands its own settings to children; NODE_ENV=production would leave the tools out.
    env: { ...process.env, NODE_ENV: "development", npm_config_loglevel: "error" },
  });
  if (result.status !== 0) {
    const reason = result.error
      ? result.error.message
      : `npm ci ended with status ${result.status}`;
    console.error(`bascule: the install failed: ${reason}`);
    console.error("bascule: see npm's message above; the npm registry must be reachable once.");
    process.exit(1);
  }
  console.error(`bascule: installed in ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

const wanted = wantedStamp();
if (readOrEmpty(stampFile) !== wanted) {
  takeLock();
  process.on("exit", () => rmdirSync(lockFolder));
  if (readOrEmpty(stampFile) !== wanted) {
    if (!isInstalled()) install();
    writeFileSync(stampFile, wanted);
  }
}
