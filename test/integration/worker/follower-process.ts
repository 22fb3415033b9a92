/**
 * A process that follows a repository as a worker does, to be killed: `follower-process.ts MIRROR KEY [LOCATION]`. Prints
 * "running COMMIT MS" (ms since the process began) and, for each commit that comes over standard input, "staging COMMIT"
 * and "staged COMMIT KIND".
 */
import { flushCompileCache } from "node:module";
import { createInterface } from "node:readline";
import { openMirror } from "../../../src/depsync/git-mirror.ts";
import { ed25519PublicKey } from "../../../src/depsync/signatures/ssh-public-key.ts";
import { EngineCompiler } from "../../../src/mediation/engine-compiler.ts";
import { createLog } from "../../../src/observability/log.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { RepositorySource } from "../../../src/worker/repository-source.ts";
import { RevisionFollower } from "../../../src/worker/revision-follower.ts";

const [, , folder = "", key = "", place] = process.argv;
const log = createLog({
  node: "worker",
  sinks: [{ write: (line) => void process.stderr.write(line) }],
});
const location = (): string | undefined => place;
const managerKey = ed25519PublicKey(Buffer.from(key, "base64"));
const mirror = await openMirror({ folder, location, managerKeys: () => [managerKey], log });
const compiler = new EngineCompiler({
  log,
  callEndpoint: () => Promise.reject(new Error("nothing is called here")),
  systemProperties: {},
});
const follower = new RevisionFollower({
  source: new RepositorySource({ mirror, location, hasManagerKeys: () => true, log }),
  compile: (files, signal) => compiler.compileSliced(files, signal),
  onSwitch: ({ revision }) => console.log(`running ${revision} ${Math.round(performance.now())}`),
  log,
  clock: systemClock,
  tickMs: 60_000,
});
await follower.start();
// A killed process would not write it; the product's launcher keeps one too.
flushCompileCache();
console.log("started");
createInterface(process.stdin).on("line", (commit) => {
  console.log(`staging ${commit}`);
  void follower
    .stage({ deployment: 1, commit, live: follower.current?.revision })
    .then(({ kind }) => console.log(`staged ${commit} ${kind}`));
});
