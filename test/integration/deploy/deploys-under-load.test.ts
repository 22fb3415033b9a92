/** The benchmark of deploys, small: real processes, load through the gateway, and no request that fails or meets two revisions. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { it } from "node:test";
import { promisify } from "node:util";

const ROOT = join(import.meta.dirname, "..", "..", "..");
const SIZES = [
  "--workers",
  "3",
  "--artifacts",
  "20",
  "--commits",
  "3",
  "--deploys",
  "5",
  "--boots",
  "1",
];

it("no request fails, and none is answered by an old revision, while deploys go on", async () => {
  const args = [join(ROOT, "benchmarks/deploy/run.ts"), "--json", ...SIZES];
  const run = promisify(execFile)(process.execPath, args, { timeout: 180_000 });
  // A busy machine may miss the promised times, which makes its exit status 1.
  const { stdout, stderr } = await run.catch((error: { stdout: string; stderr: string }) => error);
  assert.match(stdout, /^\{/, stderr);
  const figures = JSON.parse(stdout) as Readonly<Record<string, number>>;
  assert.equal(figures["deploys"], 5);
  assert.ok((figures["requests"] ?? 0) > 20, stderr);
  assert.equal(figures["failedRequests"], 0, stderr);
  assert.equal(figures["mixedRequests"], 0, stderr);
  assert.ok((figures["bootMs"] ?? 0) > 0);
});
