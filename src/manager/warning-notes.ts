/**
 * What the engine warns of in the files of a change, as notes of its deploy: whoever deploys reads them in the answer, and others in
 * the journal. They keep nothing from running.
 */
import type { FileChange } from "../depsync/deployment-repository.ts";
import { formatProblem } from "../errors/config-error.ts";
import { archiveOf, type DeploymentPlan, namedAsUploaded } from "./deployment-plan.ts";
import type { CompiledTree } from "./revisions.ts";

/** Warnings that are told one by one; workers log them all. */
const TOLD_MAX = 20;

/** @param plan names the files as they were handed in. */
export function warningNotes(
  { warnings }: CompiledTree,
  changes: readonly Pick<FileChange, "path">[],
  plan: DeploymentPlan,
): readonly string[] {
  const paths = new Set(changes.map(({ path }) => path));
  const found = warnings.filter(({ file }) => paths.has(archiveOf(file) ?? file));
  const told = namedAsUploaded(found.slice(0, TOLD_MAX), plan);
  const notes = told.map((warning) => `warning: ${formatProblem(warning)}`);
  const more = found.length - told.length;
  return more > 0 ? [...notes, `${more} more warnings are in the workers' logs`] : notes;
}
