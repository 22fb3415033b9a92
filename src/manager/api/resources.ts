/** All resources of the management API. A new one is one file and one line here. */
import { artifactsResource } from "./artifacts.ts";
import { deploymentsResource } from "./deployments.ts";
import { healthResource } from "./health.ts";
import { loginResource } from "./login.ts";
import type { ManagementResource } from "./management-services.ts";
import { nodeRelayResource } from "./node-relay.ts";
import { nodesResource } from "./nodes.ts";
import { serverInfoResource } from "./server-info.ts";
import { sessionResource } from "./session.ts";
import { usersResource } from "./users.ts";

export const RESOURCES: readonly ManagementResource[] = [
  loginResource,
  sessionResource,
  serverInfoResource,
  nodesResource,
  nodeRelayResource,
  artifactsResource,
  deploymentsResource,
  usersResource,
  healthResource,
];
