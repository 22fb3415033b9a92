/** A new deployment repository gets a first commit at once, so that workers of an empty cluster have a revision to run. */
import type { DeploymentPublisher } from "../depsync/deployment-repository.ts";
import { messageOf } from "../errors/app-error.ts";
import type { Log } from "../observability/log.ts";

const README = `# Deployment repository

What the workers of this Bascule cluster run, one commit a deploy: \`main\` is what admins wrote, \`live\` is what runs.
Changes come through the manager; artifacts lie in \`synapse-configs/default/\`.
`;

/**
 * Does nothing where there is a commit already: `Deployments.recover` signs what it finds. `remoteLog`: the repository is a
 * remote one, which may be down; that is logged, and the first deploy makes the first commit.
 * @throws AppError DEPLOYMENT_REPOSITORY when the own repository fails.
 */
export async function ensureFirstRevision(
  publisher: DeploymentPublisher,
  remoteLog: Log | undefined,
): Promise<void> {
  try {
    await makeFirstRevision(publisher);
  } catch (error) {
    if (!remoteLog) throw error;
    const reason = messageOf(error);
    remoteLog.warn(`The deployment repository does not answer, starting without it: ${reason}`);
  }
}

async function makeFirstRevision(publisher: DeploymentPublisher): Promise<void> {
  const { main, live } = await publisher.refs();
  if (main !== undefined || live !== undefined) return;
  const commit = await publisher.propose({
    base: undefined,
    changes: [{ path: "README.md", content: Buffer.from(README) }],
    message: "create the deployment repository",
    author: { user: "bascule", via: "manager" },
  });
  await publisher.goLive({ commit, live, main, movesMain: true });
  await publisher.dropCandidate(commit);
}
