/** A new deployment repository gets a first commit at once, so that workers of an empty cluster have a revision to run. */
import type { DeploymentPublisher } from "../depsync/deployment-repository.ts";

const README = `# Deployment repository

What the workers of this Bascule cluster run, one commit a deploy: \`main\` is what admins wrote, \`live\` is what runs.
Changes come through the manager; artifacts lie in \`synapse-configs/default/\`.
`;

/** Does nothing where `live` is already there, or where somebody has written to `main`. */
export async function ensureFirstRevision(publisher: DeploymentPublisher): Promise<void> {
  if ((await publisher.head()) !== undefined) return;
  const content = Buffer.from(README);
  const author = { user: "bascule", via: "file" } as const;
  const change = { path: "README.md", content };
  const commit = await publisher.commit([change], "create the deployment repository", author);
  await publisher.moveLive(commit, undefined);
}
