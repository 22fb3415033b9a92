// Installs what package-lock.json asks for, once per content of that file, and says so.
// Plain JavaScript for any Node >= 20: it runs before the Node that the project needs is there.
// No install script of any package is run: the fitting Node comes as an ordinary package.

import { createHash } from "node:crypto";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(fileURLToPath(import.meta.url));
const stampFile = join(root, "node_modules", ".lock-hash");
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
  hash.update(readFileSync(join(root, "package-lock.json")));
  return `${hash.digest("hex")} ${process.platform}-${process.arch}\n`;
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
    install();
    writeFileSync(stampFile, wanted);
  }
}
