/** Whether a revision can still come: one that was refused, or that another one has replaced, is not worth waiting for. */
import type { DeploymentPublisher } from "../../depsync/deployment-repository.ts";
import type { Deployment, DeploymentOutcome, Journal } from "../store/journal.ts";

interface FateServices {
  readonly publisher: Pick<DeploymentPublisher, "refs" | "isAncestor">;
  readonly journal: Pick<Journal, "ofCommits">;
}

const ENDINGS: Partial<Readonly<Record<DeploymentOutcome, string>>> = {
  refused: "was refused",
  failed: "was not taken by all workers",
  interrupted: "was interrupted before it became live",
  reverted: "was live, and was taken back because services failed",
};

/** Undefined: it is live, or under way. @throws AppError DEPLOYMENT_REPOSITORY. */
export async function whyNotComing(
  commit: string,
  { publisher, journal }: FateServices,
): Promise<string | undefined> {
  const { live } = await publisher.refs();
  if (live === commit) return undefined;
  const short = commit.slice(0, 10);
  const row = (await journal.ofCommits([commit])).get(commit);
  const ending = row && ENDINGS[row.outcome];
  if (row && ending !== undefined) return `revision ${short} ${ending}${reasonOf(row)}`;
  if (live !== undefined && (await publisher.isAncestor(commit, live)))
    return `revision ${short} is not live any more: ${live.slice(0, 10)} is`;
  return undefined;
}

function reasonOf({ id, problems }: Deployment): string {
  const [first] = problems;
  const what = first ? `: ${first.message} in ${first.file}:${first.line}` : "";
  return `${what} (deployment ${id} tells more)`;
}
