/**
 * A manager that deploys while a repository's disk is full, or can only be read: at each of its writes in turn, or every other one. The file system is a
 * real one of the test's own, which takes Linux and the right to mount in a namespace of one's own.
 */
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { promisify } from "node:util";
import type { FullDiskRound } from "./full-disk-manager.ts";

const UNSHARE = ["--user", "--map-root-user", "--mount"];

function canMount(): boolean {
  const mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", tmpdir()];
  try {
    execFileSync("unshare", [...UNSHARE, ...mount], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Runs full-disk-manager.ts; all that was refused was so in words, changed nothing and hindered nothing after it. */
async function messagesOf(kind: string, context: TestContext): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), "bascule-full-disk-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const program = join(import.meta.dirname, "full-disk-manager.ts");
  const command = [...UNSHARE, process.execPath, program, folder, kind];
  const { stdout } = await promisify(execFile)("unshare", command, { timeout: 60_000 });
  const rounds = JSON.parse(stdout) as readonly FullDiskRound[];
  const refused = rounds.filter(({ outcome }) => outcome !== "deployed");
  assert.equal(rounds.length - refused.length, 1);
  for (const { room, outcome, message, journaled, isUnchanged, leftovers, next } of refused) {
    assert.equal(outcome, "DEPLOYMENT_REPOSITORY", room);
    assert.ok(message.includes(join(folder, "disk/repository.git")), message);
    assert.match(message, /; (?:check|make) .* repository's .*, then try again$/, room);
    assert.equal(journaled, `failed: ${message}`);
    assert.equal(isUnchanged, true, room);
    assert.deepEqual(leftovers, [], room);
    assert.equal(next, "deployed", room);
  }
  return refused.map(({ message }) => message);
}

function some(messages: readonly string[], ...patterns: readonly RegExp[]): void {
  for (const pattern of patterns)
    assert.ok(
      messages.some((message) => pattern.test(message)),
      `${pattern}: ${messages.join("\n")}`,
    );
}

const skip = canMount() ? false : "no file system can be mounted here";

describe(
  "a deploy that the disk does not take is refused in words and changes nothing, and the next one with room goes in",
  {
    skip,
    concurrency: 3,
  },
  () => {
    it("where the repository is the manager's own", async (context) => {
      some(
        await messagesOf("own", context),
        /does not take new objects: ENOSPC.*; make room/,
        /candidates\/.*; check the free space/,
        /live and .* cannot be moved: .*live\.lock.*; check the free space/,
        /live and .* cannot be moved: .*main\.lock.*; check the free space/,
        /index-pack .*; make room/,
        /EROFS: read-only file system.*; make .* writable/,
      );
    });

    it("where the manager keeps a copy of a remote one", async (context) => {
      some(await messagesOf("copy", context), /ENOSPC.*; make room/, /EROFS.*; make .* writable/);
    });

    it("where it is the disk of the remote one", async (context) => {
      some(
        await messagesOf("remote", context),
        /git push failed .*; make room/,
        /live and .* cannot be moved: .*\.lock.*; check the free space/,
        /unable to create temporary object directory.*; check/,
      );
    });
  },
);
