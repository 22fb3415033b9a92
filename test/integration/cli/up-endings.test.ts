/** How a cluster ends when nobody asks it to: `up` is killed, its reader or its terminal is gone. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { freeOffset } from "../../helpers/free-offset.ts";
import { eventually } from "../../helpers/http-request.ts";
import { NodeProcess, PRODUCT_ROOT, runBascule } from "../../helpers/node-process.ts";

const READY = /Ctrl-C stops all nodes/;

function temporaryFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "bascule-up-"));
  context.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}

/** `up` whose output the test can close; ended after the test. */
function spawnUp(context: TestContext, args: readonly string[]): ChildProcess {
  const command = join(PRODUCT_ROOT, "bin", "bascule");
  const child = spawn(command, ["up", ...args], { stdio: ["ignore", "pipe", "inherit"] });
  context.after(() => child.kill("SIGKILL"));
  return child;
}

test("nodes stop in order when `up` was killed, and the next `up` ends when nobody reads it", async (context) => {
  const dir = temporaryFolder(context);
  const offset = String(await freeOffset(2));
  const args = ["--dir", dir, "--offset", offset, "--workers", "1", "--no-sample"];
  const killed = new NodeProcess(["up", ...args]);
  await killed.line(READY, 40_000);
  killed.kill("SIGKILL");
  await eventually("the worker has stopped in order", async () => {
    const log = await readFile(join(dir, "worker-1/repository/logs/bascule.log"), "utf8");
    return /Stopping \(parent gone\)[^]*Stopped\n$/.test(log) || undefined;
  });
  assert.ok(existsSync(join(dir, "control.sock")));

  const unread = spawnUp(context, ["--dir", dir]);
  await eventually("the cluster answers", async () => {
    const { text } = await runBascule(["status", "--dir", dir]);
    return /worker-1 +active/.test(text) || undefined;
  });
  unread.stdout?.destroy();
  await runBascule(["down", "--dir", dir]);
  if (unread.exitCode === null) await once(unread, "exit");
  assert.equal(unread.exitCode, 0);
  assert.ok(!existsSync(join(dir, "control.sock")));
});

test("a node stops in order when its terminal is gone", async (context) => {
  const port = 9000 + (await freeOffset(1));
  const node = new NodeProcess(["sample-backend", "--port", String(port)]);
  context.after(() => node.stop());
  await node.line(/listens on/);
  node.kill("SIGHUP");
  assert.equal(await node.ended, 0);
});
