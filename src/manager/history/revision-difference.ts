/**
 * What differs between two revisions: by artifact (kind and name, as people know them), then by line. Bounded, since
 * it is made for people; what is left out is told.
 */
import type { DeploymentPublisher, PathDifference } from "../../depsync/deployment-repository.ts";
import type { DeployedArtifact } from "../store/journal.ts";
import { labelOf } from "./artifact-label.ts";

/** Artifacts of one difference that are listed. */
export const CHANGES_MAX = 1_000;
/** Artifacts whose lines are told. */
export const LINED_MAX = 100;
/** Characters of the lines of one artifact, and of all. */
const LINES_MAX = 64 * 1024;
const ALL_LINES_MAX = 1024 * 1024;

export interface ArtifactChange extends DeployedArtifact {
  readonly change: "added" | "changed" | "removed";
  /** A unified difference from its first "@@" line; empty for a binary file; undefined: not asked for, or left out. */
  readonly lines?: string;
}

export interface RevisionDifference {
  /** Undefined: before the first revision. */
  readonly from: string | undefined;
  readonly to: string;
  /** All that differ, listed or not. */
  readonly count: number;
  readonly changes: readonly ArtifactChange[];
  /** Lines of something listed are left out, or cut. */
  readonly isCut: boolean;
}

export interface DifferenceOptions {
  readonly from: string | undefined;
  readonly to: string;
  readonly withLines: boolean;
}

/** @throws AppError DEPLOYMENT_REPOSITORY. */
export async function differenceOf(
  publisher: DeploymentPublisher,
  { from, to, withLines }: DifferenceOptions,
): Promise<RevisionDifference> {
  const paths = await publisher.diff(from, to);
  const listed = paths.slice(0, CHANGES_MAX);
  const changes: ArtifactChange[] = [];
  for (const one of listed) changes.push(await changeOf(publisher, one, { from, to }));
  if (!withLines) return { from, to, count: paths.length, changes, isCut: false };
  const lined = listed.slice(0, LINED_MAX).map(({ path }) => path);
  const lines = await publisher.lines(from, to, lined);
  const bounded = withBoundedLines(changes, lines);
  return { from, to, count: paths.length, ...bounded };
}

async function changeOf(
  publisher: DeploymentPublisher,
  { path, from: before, to: after }: PathDifference,
  { from, to }: { readonly from: string | undefined; readonly to: string },
): Promise<ArtifactChange> {
  const commit = after === undefined ? from : to;
  const file = commit === undefined ? undefined : await publisher.fileAt(commit, path);
  const label = file ? labelOf(path, file.content) : { path };
  const change = before === undefined ? "added" : after === undefined ? "removed" : "changed";
  return { change, ...label };
}

function withBoundedLines(
  changes: readonly ArtifactChange[],
  lines: ReadonlyMap<string, string>,
): Pick<RevisionDifference, "changes" | "isCut"> {
  let left = ALL_LINES_MAX;
  let isCut = false;
  const lined = changes.map((change) => {
    const text = lines.get(change.path);
    if (text === undefined || left <= 0) {
      isCut = true;
      return change;
    }
    const shown = cutAtLine(text, Math.min(LINES_MAX, left));
    if (shown !== text) isCut = true;
    left -= shown.length;
    return { ...change, lines: shown };
  });
  return { changes: lined, isCut };
}

function cutAtLine(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text;
  return text.slice(0, text.lastIndexOf("\n", lengthMax) + 1);
}
