/**
 * A program for the tests of full disks, run where it may mount file systems of its own (unshare): a manager's deploys, of which the
 * repository lies on a file system of one megabyte. At each round so many pages of it are free, from none on, until a deploy fits;
 * then come a deploy of so many files that git packs them, and a file system that can only be read. What came of each
 * deploy, and of the next one with room, is told as one line of JSON.
 */
import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { openPublisher } from "../../../src/depsync/git-publisher.ts";
import { AppError } from "../../../src/errors/app-error.ts";
import { Deployments } from "../../../src/manager/deployments.ts";
import { Revisions } from "../../../src/manager/revisions.ts";
import { setUpStore } from "../../../src/manager/store/store.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { ADMIN, FakeWorkers, proxy } from "../../helpers/barrier-world.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";
import { toyCompile } from "../../helpers/toy-compile.ts";

/** What one deploy came to while the disk did not take it, and the next one when it did. */
export interface FullDiskRound {
  /** What the disk had for it. */
  readonly room: string;
  /** How it ended: the kind of its result, or the code of its error. */
  readonly outcome: string;
  readonly message: string;
  /** Outcome and first problem of its row in the journal. */
  readonly journaled: string;
  /** Refs and workers are where they were. */
  readonly isUnchanged: boolean;
  /** Locks and temporary files in the repository. */
  readonly leftovers: readonly string[];
  /** How the deploy after it ended, which had room. */
  readonly next: string;
}

const PAGE = 4096;
const ROUNDS_MAX = 64;
/** More objects than are written one by one. */
const MANY = 120;

const [, , folder = "", kind = ""] = process.argv;
const disk = join(folder, "disk");
/** The repository on the small disk: the manager's own, its copy of a remote one, or the remote one. */
const gitDir = join(disk, "repository.git");
const filler = join(disk, "filler");

function mount(options: string): void {
  execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", disk]);
}

function fill(freePages: number): void {
  const file = openSync(filler, "w");
  let size = 0;
  try {
    for (;;) size += writeSync(file, Buffer.alloc(PAGE));
  } catch {
    ftruncateSync(file, Math.max(0, size - freePages * PAGE));
  } finally {
    closeSync(file);
  }
}

function leftovers(): readonly string[] {
  const names = readdirSync(gitDir, { recursive: true, encoding: "utf8" });
  return names.filter((name) => /tmp_|\.tmp|\.lock$/.test(name));
}

mkdirSync(disk);
mount("size=1m");
const log = new MemoryLog();
const signingKey = generateKeyPairSync("ed25519").privateKey;
const elsewhere = join(folder, "elsewhere.git");
const own = kind === "remote" ? elsewhere : gitDir;
const remote = kind === "remote" ? gitDir : kind === "copy" ? elsewhere : undefined;
if (remote !== undefined)
  execFileSync("git", ["init", "-q", "--bare", "--initial-branch=main", remote]);
const publisher = await openPublisher({
  folder: own,
  ...(remote !== undefined && { remote }),
  signingKey,
  log,
  clock: systemClock,
});
const store = await setUpStore({
  file: join(folder, "journal.db"),
  home: folder,
  clock: systemClock,
});
const workers = new FakeWorkers(2);
const deployments = new Deployments({
  publisher,
  revisions: new Revisions(publisher, toyCompile),
  journal: store.journal,
  log,
  clock: systemClock,
  workers,
  announce: () => {},
  onChanged: () => Promise.resolve(),
  healthWindowMs: 0,
});

let version = 0;

async function deploy(
  count: number,
): Promise<{ readonly outcome: string; readonly message: string }> {
  version += 1;
  const inside = `<target><inSequence><log level="${version}"/></inSequence></target>`;
  const uploads = Array.from({ length: count }, (_, at) => proxy(`P${at}`, inside)).flat();
  try {
    return { outcome: (await deployments.deploy(uploads, ADMIN)).kind, message: "" };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { outcome: error.code, message: error.message };
  }
}

async function state(): Promise<string> {
  return JSON.stringify([await publisher.refs(), workers.revisions]);
}

interface Hindrance {
  readonly room: string;
  readonly files?: number;
  readonly begin: () => void;
  readonly end: () => void;
}

async function round({ room, files = 1, begin, end }: Hindrance): Promise<FullDiskRound> {
  const before = await state();
  begin();
  const ended = await deploy(files);
  end();
  const isUnchanged = (await state()) === before;
  const [row] = await store.journal.list(1);
  const journaled = `${row?.outcome}: ${row?.problems[0]?.message}`;
  const told = { room, ...ended, journaled, isUnchanged, leftovers: leftovers() };
  const { outcome } = await deploy(files);
  const { main, live } = await publisher.refs();
  const isWhole = live === main && workers.revisions.join() === live;
  return { ...told, next: isWhole ? outcome : `${outcome}, not whole` };
}

function pages(free: number, files = 1): Hindrance {
  const begin = (): void => fill(free);
  return { room: `${free} pages for ${files}`, files, begin, end: () => rmSync(filler) };
}

await deploy(1);
const rounds: FullDiskRound[] = [];
for (let free = 0; free < ROUNDS_MAX; free += kind === "own" ? 1 : 2) {
  const made = await round(pages(free));
  rounds.push(made);
  if (made.outcome === "deployed") break;
}
rounds.push(await round(pages(1, MANY)));
const readOnly = (): void => mount("remount,ro");
const writable = (): void => mount("remount,rw");
rounds.push(await round({ room: "read-only", begin: readOnly, end: writable }));
execFileSync("git", ["--git-dir", gitDir, "fsck", "--strict"], { stdio: "ignore" });
await store.close();
process.stdout.write(JSON.stringify(rounds));
