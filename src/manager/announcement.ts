/**
 * Tells the cluster that `live` has moved: the manager's own record carries the commit, and WSO2's
 * SynchronizeRepositoryRequest goes to all members (for the super tenant, id -1234). Both are hints; workers look
 * at the repository by themselves too. Without a cluster the worker in the same process is called.
 */
import type { Cluster } from "../cluster/cluster.ts";
import { SYNCHRONIZE_TOPIC } from "../cluster/member-properties.ts";
import { messageOf } from "../errors/app-error.ts";
import type { Log } from "../observability/log.ts";

/** WSO2's super tenant, the only one there is. */
const TENANT = { tenantId: -1234, tenantDomain: "carbon.super" } as const;

export interface AnnouncementOptions {
  readonly cluster: Cluster | undefined;
  readonly onDeployed: ((commit: string) => void) | undefined;
  readonly log: Log;
}

/** Never throws: a lost hint costs the workers some seconds, and the deploy stands. */
export function announceRevision(
  { cluster, onDeployed, log }: AnnouncementOptions,
  commit: string,
): void {
  try {
    if (cluster) {
      if (cluster.self.revision !== commit) cluster.update({ revision: commit });
      const { id } = cluster.broadcast(SYNCHRONIZE_TOPIC, { ...TENANT, commit });
      const { tenantId, tenantDomain } = TENANT;
      log.info(
        `Sent [${SYNCHRONIZE_TOPIC}{tenantId=${tenantId}, tenantDomain='${tenantDomain}', messageId=${id}}]`,
      );
    }
    onDeployed?.(commit);
  } catch (error) {
    log.warn(`Revision ${commit} is live, but could not be announced: ${messageOf(error)}`);
  }
}
