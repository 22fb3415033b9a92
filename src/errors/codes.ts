/**
 * The one table of error codes: code → what it means to a user. docs/errors.md lists the same codes;
 * test/tidy.test.ts fails when the two differ. Codes are stable: scripts and tests match on them.
 */
export const ERROR_CODES = {
  ACCESS_DENIED: "The user may not do this, or the request lacks the header against forgery.",
  ARTIFACT_FAULTY: "An artifact cannot be deployed; file, line and reason are in the message.",
  ARTIFACT_UNKNOWN: "No artifact of that kind and name is deployed.",
  AUTH_FAILED: "The user name or the password is wrong, or the session has ended.",
  CLUSTER_LIMIT: "A member record or a cluster message is larger than a datagram may carry.",
  CLUSTER_RUNNING: "The cluster of that folder is up already.",
  CLUSTER_START: "Membership could not be started, for example because its port cannot be bound.",
  CLUSTER_TRUST:
    "The cluster's authority, or the registration of a node, is missing, damaged or another one.",
  CLUSTER_UNSTABLE:
    "Too few other members were there within stabiliseTimeout, and stabiliseStrict is set.",
  CLUSTER_STORE: "The Hazelcast cluster does not answer.",
  CONFIG_INVALID: "A configuration file has errors; every one is listed with file and line.",
  DEPLOY_FAILED:
    "A worker could not take a revision, or did not answer in time; no worker has switched.",
  DEPLOYMENT_REPOSITORY: "The deployment repository cannot be read or written.",
  HOME_INVALID: "The home folder of a node is missing or has no configuration.",
  INTERNAL: "A fault of Bascule itself.",
  JOIN_REFUSED:
    "A join token, a node's token or its certificate does not count, or does not count any more.",
  LOG_TAILS_LIMIT: "As many log tails as a node serves at once are open already.",
  LOGIN_LIMITED: "Too many failed logins for that user from that address; wait and try again.",
  MANAGER_BUSY: "Too many requests of that kind wait on the manager already; try again later.",
  MANAGER_UNREACHABLE: "The command cannot reach the manager.",
  MEDIATION_FAULT: "A mediator failed while it handled a message.",
  NODE_REMOVED:
    "The node was removed from the cluster: it takes part again once its home is registered anew.",
  NODE_UNREACHABLE: "The manager gets no answer from that node's management port.",
  PORT_BUSY: "Another process listens on a port that a node needs.",
  READ_ONLY_NODE: "Workers change nothing; the manager is the place for changes.",
  REQUEST_INVALID: "The request is not of the form that the API expects.",
  RESOURCE_UNKNOWN: "The management API has no such path, user, deployment or revision.",
  REVISION_NOT_EVERYWHERE: "Some node does not run that revision, or it will not come any more.",
  STORE_FAILED: "The manager's database cannot be read or written; its disk may be full.",
  STORE_NOT_SET_UP: "The manager's tables are missing or old: start it once with -Dsetup.",
  TEMP_FILE_FAILED: "A temporary file for a body cannot be made, written or read.",
  TLS_MATERIAL: "A certificate, key or keystore cannot be used.",
  UPSTREAM_FAILED: "A request to another server failed.",
  USAGE: "The command line is not understood.",
} as const;

/** A code of the table above. */
export type ErrorCode = keyof typeof ERROR_CODES;
