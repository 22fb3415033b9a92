/**
 * What `bascule up` keeps in DIR beside the nodes' homes: cluster.json (which cluster this is, written once)
 * and the control socket's place. A folder that holds something else is never touched.
 */
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { AppError, systemCodeOf } from "../../errors/app-error.ts";

/** What cluster.json holds. */
export interface ClusterFacts {
  readonly offset: number;
  readonly workers: number;
  readonly sample: boolean;
}

const CLUSTER_FILE = "cluster.json";
const CONTROL_SOCKET = "control.sock";
/** A Unix socket's path must fit into sockaddr_un (108 bytes on Linux, 104 on macOS). */
const SOCKET_PATH_BYTES_MAX = 100;

/** The facts of an existing cluster, or undefined where none was made yet. @throws AppError HOME_INVALID. */
export function readClusterFacts(dir: string): ClusterFacts | undefined {
  const file = join(dir, CLUSTER_FILE);
  if (!existsSync(file)) return undefined;
  const problem = `${file} is not a cluster's file; remove the folder, or use another with --dir`;
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new AppError("HOME_INVALID", problem, { side: "config", cause });
  }
  if (!isClusterFacts(content)) throw new AppError("HOME_INVALID", problem, { side: "config" });
  return content;
}

/**
 * Makes DIR (mode 0700: it holds keys) where it is missing.
 * @returns what takes a folder away again that was made in vain.
 * @throws AppError HOME_INVALID when it cannot be made, or holds something that is no cluster.
 */
export function makeClusterFolder(dir: string): () => void {
  const isNew = !existsSync(dir);
  try {
    makeFolders(dir);
    const content = readdirSync(dir).filter((name) => name !== CONTROL_SOCKET);
    if (content.length === 0 || content.includes(CLUSTER_FILE)) {
      return () => (isNew ? removeEmpty(dir) : undefined);
    }
  } catch (cause) {
    const reason = `the folder ${dir} cannot be used (${systemCodeOf(cause) ?? "unknown reason"}); use another with --dir`;
    throw new AppError("HOME_INVALID", reason, { side: "config", cause });
  }
  const problem = `the folder ${dir} holds something else than a cluster; use an empty or a new one with --dir`;
  throw new AppError("HOME_INVALID", problem, { side: "config" });
}

/** One by one: Node's own `recursive` never returns where the system says ENOENT for a folder that is there, as /proc does. */
function makeFolders(dir: string): void {
  if (existsSync(dir)) {
    if (statSync(dir).isDirectory()) return;
    throw Object.assign(new Error("not a folder"), { code: "EEXIST" });
  }
  makeFolders(dirname(dir));
  mkdirSync(dir, { mode: 0o700 });
}

/** Writes cluster.json into DIR. */
export function writeClusterFacts(dir: string, facts: ClusterFacts): void {
  const { offset, workers, sample } = facts;
  writeFileSync(
    join(dir, CLUSTER_FILE),
    `${JSON.stringify({ offset, workers, sample }, null, 2)}\n`,
  );
}

/** Where `bascule up` of this DIR listens for `down` and `status`. */
export function controlSocketPath(dir: string): string {
  const near = join(dir, CONTROL_SOCKET);
  if (Buffer.byteLength(near) <= SOCKET_PATH_BYTES_MAX) return near;
  const digest = createHash("sha256").update(dir).digest("hex").slice(0, 16);
  return join(tmpdir(), `bascule-${process.getuid?.() ?? 0}-${digest}.sock`);
}

/** Leaves a folder alone that has come to hold something. */
function removeEmpty(dir: string): void {
  try {
    rmdirSync(dir);
  } catch (error) {
    if (systemCodeOf(error) !== "ENOTEMPTY") throw error;
  }
}

function isClusterFacts(content: unknown): content is ClusterFacts {
  if (typeof content !== "object" || content === null) return false;
  const { offset, workers, sample } = content as Partial<Record<keyof ClusterFacts, unknown>>;
  return Number.isInteger(offset) && Number.isInteger(workers) && typeof sample === "boolean";
}
