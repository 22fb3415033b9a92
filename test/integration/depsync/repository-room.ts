/** Folders and shorthands for the tests of the deployment repository. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type {
  ChangeAuthor,
  DeploymentMirror,
  FileChange,
  Revision,
} from "../../../src/depsync/deployment-repository.ts";
import { openMirror } from "../../../src/depsync/git-mirror.ts";
import { type PublisherOptions, openPublisher } from "../../../src/depsync/git-publisher.ts";
import { FakeClock } from "../../helpers/fake-clock.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";

export const ADMIN: ChangeAuthor = { user: "alice", via: "api" };
export const PROXY = "synapse-configs/default/proxy-services/P.xml";

/** A folder that is removed after the test. */
export function temporaryFolder(test: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "bascule-depsync-"));
  test.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function publisherIn(folder: string, more: Partial<PublisherOptions> = {}) {
  return openPublisher({
    folder: join(folder, "repository.git"),
    log: new MemoryLog(),
    clock: new FakeClock(),
    ...more,
  });
}

export function mirrorIn(
  folder: string,
  location: string | undefined,
  log: MemoryLog = new MemoryLog(),
): Promise<DeploymentMirror> {
  return openMirror({ folder: join(folder, "mirror.git"), location: () => location, log });
}

export function put(path: string, content: string): FileChange {
  return { path, content: Buffer.from(content) };
}

/** path → content. */
export function contents(revision: Revision): Readonly<Record<string, string>> {
  return Object.fromEntries(revision.files.map((file) => [file.path, file.content.toString()]));
}

/** Git as a person runs it. */
export function git(gitDir: string, ...args: string[]): string {
  return execFileSync("git", ["--git-dir", gitDir, ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
}
