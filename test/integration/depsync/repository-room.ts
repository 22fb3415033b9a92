/** Folders and shorthands for the tests of the deployment repository. */
import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import type {
  ChangeAuthor,
  DeploymentMirror,
  FileChange,
  Revision,
} from "../../../src/depsync/deployment-repository.ts";
import { openMirror } from "../../../src/depsync/git-mirror.ts";
import { type PublisherOptions, openPublisher } from "../../../src/depsync/git-publisher.ts";
import {
  type SshPublicKey,
  ed25519PublicKey,
  rawEd25519,
} from "../../../src/depsync/signatures/ssh-public-key.ts";
import { FakeClock } from "../../helpers/fake-clock.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";

export const ADMIN: ChangeAuthor = { user: "alice", via: "api" };
export const PROXY = "synapse-configs/default/proxy-services/P.xml";

/** The manager of all these tests. */
export const SIGNING_KEY = generateKeyPairSync("ed25519").privateKey;
export const MANAGER_KEY: SshPublicKey = ed25519PublicKey(rawEd25519(SIGNING_KEY));

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
    signingKey: SIGNING_KEY,
    ...more,
  });
}

export function mirrorIn(
  folder: string,
  location: string | undefined,
  log: MemoryLog = new MemoryLog(),
): Promise<DeploymentMirror> {
  return openMirror({
    folder: join(folder, "mirror.git"),
    location: () => location,
    managerKeys: () => [MANAGER_KEY],
    log,
  });
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

/** A person with an SSH key and a clone, who commits and pushes as people do. */
export interface Person {
  /** The path of the public key. */
  readonly keyFile: string;
  /** The line of the public key. */
  readonly keyLine: string;
  /** Runs git in the clone, signing with the key. */
  git(...args: string[]): string;
  /** Fetches, starts from the revision, commits files and returns the commit. */
  commit(from: string, files: Readonly<Record<string, string>>, ...options: string[]): string;
}

/** `kind`: "ed25519", "ecdsa-521", "rsa-3072", ... */
export function personIn(folder: string, name: string, kind: string, location: string): Person {
  const key = join(folder, `${name}-key`);
  const [type = "", bits] = kind.split("-");
  const keygen = ["-q", "-t", type, ...(bits ? ["-b", bits] : []), "-N", "", "-C", name, "-f", key];
  execFileSync("ssh-keygen", keygen);
  const clone = join(folder, `${name}-clone`);
  execFileSync("git", ["init", "-q", clone]);
  const config = {
    "user.name": name,
    "user.email": `${name}@esb.test`,
    "gpg.format": "ssh",
    "user.signingkey": `${key}.pub`,
    "remote.origin.url": location,
    "remote.origin.fetch": "+refs/heads/*:refs/remotes/origin/*",
  };
  const options = Object.entries(config).flatMap(([at, value]) => ["-c", `${at}=${value}`]);
  const run = (...args: string[]): string =>
    execFileSync("git", ["-C", clone, ...options, ...args], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: process.env["PATH"], HOME: folder, GIT_CONFIG_NOSYSTEM: "1" },
    });
  return {
    keyFile: `${key}.pub`,
    keyLine: readFileSync(`${key}.pub`, "utf8"),
    git: run,
    commit(from, files, ...more) {
      run("fetch", "-q", "origin");
      run("checkout", "-q", "--detach", from);
      for (const [path, content] of Object.entries(files)) {
        mkdirSync(dirname(join(clone, path)), { recursive: true });
        writeFileSync(join(clone, path), content);
      }
      run("add", "-A", "-f");
      run("commit", "-q", "--allow-empty", "-m", "by hand", ...(more.length > 0 ? more : ["-S"]));
      return run("rev-parse", "HEAD").trim();
    },
  };
}
