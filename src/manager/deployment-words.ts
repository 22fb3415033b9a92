/** What is said of a change in commits, logs and the journal. */
import type { Change, DeployResult } from "./deployment-options.ts";
import type { DeployedArtifact } from "./store/journal.ts";

/** Artifacts named in a subject line. */
const NAMED_MAX = 3;

export function describeArtifacts(artifacts: readonly DeployedArtifact[]): string {
  const named = artifacts
    .slice(0, NAMED_MAX)
    .map(({ kind, name, path }) => (kind && name ? `${kind} ${name}` : path))
    .map((text) => text.replaceAll(/\p{Cc}/gu, "?"));
  const more = artifacts.length - named.length;
  return more > 0 ? `${named.join(", ")} and ${more} more` : named.join(", ");
}

/** The subject of its commit. */
export function subjectOf({ action, plan, options: { message } }: Change): string {
  if (message !== undefined) return message;
  if (action === "signers") return "change who may push";
  return `${action} ${describeArtifacts(plan.artifacts)}`;
}

/** What became of a head of `main` that was looked at again because other people may sign now. */
export function triedAgainNote(head: string, result: DeployResult | undefined): string {
  const what = `what was pushed to main up to ${head}`;
  if (!result || result.kind === "unchanged") return `${what} is looked at again`;
  const { kind, deployment } = result;
  const end = kind === "deployed" ? "is live now" : `was looked at again and is ${kind}`;
  return `${what} ${end}: deployment ${deployment}`;
}

export function leftOutNote(commit: string): string {
  return `what was pushed to main up to ${commit} was refused, or taken back, and is left out; see the deployments that say so`;
}
