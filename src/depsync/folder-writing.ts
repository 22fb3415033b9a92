/**
 * Writes a revision into a deployment folder: decides file by file what to do (`planWriting`) and does
 * it (`applySteps`), each file atomically and never through a link. Used by `DeploymentFolder` only.
 */
import { createHash } from "node:crypto";
import { lstat, mkdir, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { AppError, messageOf, systemCodeOf } from "../errors/app-error.ts";
import { type FolderScan, isDeployedPath } from "./deployment-files.ts";
import type { Revision, RevisionFile } from "./deployment-repository.ts";
import { checkPath } from "./repository-path.ts";

/** What happens to one file. `kept`: it was edited by somebody and stays. */
export type WritingStep =
  | { readonly kind: "written"; readonly path: string; readonly content: Buffer }
  | { readonly kind: "removed"; readonly path: string }
  | { readonly kind: "kept"; readonly path: string };

/** The steps from the folder as it is to the wanted files; `previous` as in `writeRevision`. */
export function planWriting(
  scan: FolderScan,
  wanted: ReadonlyMap<string, RevisionFile>,
  previous: Revision | undefined,
): readonly WritingStep[] {
  const before = deployedFiles(previous);
  const steps: WritingStep[] = [];
  for (const { path, blob, content } of wanted.values()) {
    const here = scan.files.get(path)?.blob;
    if (here === blob) continue;
    const isEdited = previous !== undefined && here !== before.get(path)?.blob;
    if (isEdited || isRefused(scan, path)) steps.push({ kind: "kept", path });
    else steps.push({ kind: "written", path, content });
  }
  for (const { path, blob } of before.values()) {
    const here = scan.files.get(path)?.blob;
    if (wanted.has(path) || here === undefined) continue;
    steps.push(here === blob ? { kind: "removed", path } : { kind: "kept", path });
  }
  return steps;
}

/** The files of a revision that belong into the folder, by path. */
export function deployedFiles(revision: Revision | undefined): ReadonlyMap<string, RevisionFile> {
  const files = revision?.files.filter((file) => isDeployedPath(file.path)) ?? [];
  return new Map(files.map((file) => [file.path, file]));
}

/** Whether the path, or a folder above it, is there but was refused. */
export function isRefused(scan: FolderScan, path: string): boolean {
  return [...scan.refused.keys()].some((at) => path === at || path.startsWith(`${at}/`));
}

/** Does steps whose files have nothing to do with each other, many at once. @throws AppError DEPLOYMENT_REPOSITORY when a file cannot be written or removed. */
export async function applySteps(folder: string, steps: readonly WritingStep[]): Promise<void> {
  const made = new Map<string, Promise<void>>();
  const folders = (path: string): Promise<void> => {
    const making = made.get(path) ?? makeFolders(folder, path);
    made.set(path, making);
    return making;
  };
  const done = await Promise.allSettled(steps.map((step) => applyStep(folder, step, folders)));
  for (const one of done) if (one.status === "rejected") throw one.reason;
}

async function applyStep(
  folder: string,
  step: WritingStep,
  folders: (path: string) => Promise<void>,
): Promise<void> {
  if (step.kind === "kept") return;
  const full = join(folder, step.path);
  try {
    checkPath(step.path);
    await folders(dirname(step.path));
    if (step.kind === "removed") await rm(full, { force: true });
    else await replaceFile(full, step.content);
  } catch (error) {
    throw new AppError(
      "DEPLOYMENT_REPOSITORY",
      `${full} cannot be brought to the deployed revision: ${messageOf(error)}`,
      { cause: error, retryable: true },
    );
  }
}

/** Makes the folders above a file, none of which may be a link that leads elsewhere. */
async function makeFolders(folder: string, path: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  let full = folder;
  for (const part of path.split("/")) {
    full = join(full, part);
    await mkdir(full).catch((error: unknown) => {
      if (systemCodeOf(error) !== "EEXIST") throw error;
    });
    if (!(await lstat(full)).isDirectory()) throw new Error(`${full} is no folder`);
  }
}

/** Where the new content of a file is written first: a place of its own, for many are written at once. */
export function temporaryOf(path: string): string {
  const name = basename(path);
  const digest = createHash("sha1").update(name).digest("hex").slice(0, 12);
  return join(
    dirname(path),
    name.length <= 100 ? `.${name}.new` : `.${name.slice(0, 80)}.${digest}.new`,
  );
}

async function replaceFile(full: string, content: Buffer): Promise<void> {
  const temporary = temporaryOf(full);
  await rm(temporary, { force: true });
  const file = await open(temporary, "wx", 0o644);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, full);
}
