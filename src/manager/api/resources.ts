/** All resources of the management API. A new one is one file and one line here. */
import { artifactsResource } from "./artifacts.ts";
import { candidatesResource } from "./candidates.ts";
import { clusterMembersResource } from "./cluster-members.ts";
import { clusterTrustResource } from "./cluster-trust.ts";
import { deploymentsResource } from "./deployments.ts";
import { healthResource } from "./health.ts";
import { loginResource } from "./login.ts";
import type { ManagementResource } from "./management-services.ts";
import { nodeDrainingResource } from "./node-draining.ts";
import { nodeRelayResource } from "./node-relay.ts";
import { nodeTrustResource } from "./node-trust.ts";
import { nodesResource } from "./nodes.ts";
import { revisionsResource } from "./revisions.ts";
import { rollbacksResource } from "./rollbacks.ts";
import { repositoryResource } from "./repository.ts";
import { serverInfoResource } from "./server-info.ts";
import { sessionResource } from "./session.ts";
import { signersResource } from "./signers.ts";
import { usersResource } from "./users.ts";

export const RESOURCES: readonly ManagementResource[] = [
  loginResource,
  sessionResource,
  serverInfoResource,
  nodesResource,
  nodeDrainingResource,
  nodeRelayResource,
  clusterMembersResource,
  artifactsResource,
  deploymentsResource,
  rollbacksResource,
  candidatesResource,
  revisionsResource,
  clusterTrustResource,
  nodeTrustResource,
  repositoryResource,
  signersResource,
  usersResource,
  healthResource,
];
