/** The candidates that were proposed and not taken, as the repository keeps them, with what the journal tells of each. */
import type { DeploymentPublisher } from "../../depsync/deployment-repository.ts";
import type { WorkerAnswer } from "../barrier/worker-answer.ts";
import type { Deployment, Journal } from "../store/journal.ts";

export interface KeptCandidate {
  readonly commit: string;
  readonly ref: string;
  /** Undefined: the journal has forgotten it. */
  readonly deployment: Deployment | undefined;
  readonly answers: readonly WorkerAnswer[];
}

type JournalReader = Pick<Journal, "ofCommits" | "answers">;

/** Newest first. What is live by now, or under way, is no candidate any more. @throws AppError DEPLOYMENT_REPOSITORY. */
export async function keptCandidates(
  publisher: DeploymentPublisher,
  journal: JournalReader,
): Promise<readonly KeptCandidate[]> {
  const candidates = await publisher.candidates();
  const rows = await journal.ofCommits(candidates.map(({ commit }) => commit));
  const kept: KeptCandidate[] = [];
  for (const { commit, ref } of candidates) {
    const deployment = rows.get(commit);
    if (deployment?.outcome === "deployed" || deployment?.outcome === "pending") continue;
    const answers = deployment ? await journal.answers(deployment.id) : [];
    kept.push({ commit, ref, deployment, answers });
  }
  return kept;
}
