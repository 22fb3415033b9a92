/** `bascule up` as a process among others: started twice, in awkward folders. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { freeOffset } from "../../helpers/free-offset.ts";
import { NodeProcess, runBascule } from "../../helpers/node-process.ts";

const READY = /Ctrl-C stops all nodes/;

function temporaryFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "bascule-up-"));
  context.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}

test("of two starts at once in one folder, one runs the cluster and the other says so", async (context) => {
  const dir = join(temporaryFolder(context), "of $two é");
  const offset = String(await freeOffset(2));
  const args = ["up", "--dir", dir, "--offset", offset, "--workers", "1", "--no-sample"];
  const both = [new NodeProcess(args), new NodeProcess(args)] as const;
  context.after(() => Promise.all(both.map((up) => up.stop())));
  const loser = await Promise.race(both.map((up) => up.ended.then(() => up)));
  assert.match(loser.text, /is up already/);
  const winner = loser === both[0] ? both[1] : both[0];
  await winner.line(READY, 40_000);
  assert.equal(winner.countOf(/failed|has ended/), 0);
});

test("refuses a folder that holds something else, a file, and a busy port, and leaves nothing behind", async (context) => {
  const folder = temporaryFolder(context);
  const offset = String(await freeOffset(2));
  const up = (dir: string) => runBascule(["up", "--dir", dir, "--offset", offset]);
  mkdirSync(join(folder, "photos"));
  writeFileSync(join(folder, "photos/cat.jpg"), "");
  const photos = await up(join(folder, "photos"));
  assert.deepEqual([photos.status, /holds something else/.test(photos.text)], [1, true]);
  const file = await up(join(folder, "photos/cat.jpg"));
  assert.deepEqual([file.status, /cannot be used \(EEXIST\)/.test(file.text)], [1, true]);

  const backend = new NodeProcess(["sample-backend", "--port", String(9000 + Number(offset))]);
  context.after(() => backend.stop());
  await backend.line(/listens on/);
  const busy = await up(join(folder, "new"));
  assert.match(busy.text, /port \d+ \(sample backend\) is taken by another process\n[^]*--offset/);
  assert.ok(!existsSync(join(folder, "new")));
});
