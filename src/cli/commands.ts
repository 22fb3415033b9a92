/**
 * All commands, in the order in which `bascule help` shows them. A new command is one file and one entry here. Each is
 * loaded only when it runs: a worker never loads the manager's libraries, and `bascule status` answers at once.
 */
import type { CommandEntry } from "./command.ts";

export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "up",
    summary: "run the whole cluster on this machine",
    load: async () => (await import("./up.ts")).upCommand,
  },
  {
    name: "down",
    summary: "stop the cluster that `bascule up` runs",
    load: async () => (await import("./down.ts")).downCommand,
  },
  {
    name: "status",
    summary: "show the nodes, their addresses and revisions",
    load: async () => (await import("./status.ts")).statusCommand,
  },
  {
    name: "cluster",
    summary: "show or watch the members of the cluster, or take a node out of it",
    load: async () => (await import("./cluster.ts")).clusterCommand,
  },
  {
    name: "drain",
    summary: "let a worker's sessions end, without new ones",
    load: async () => (await import("./drain.ts")).drainCommand,
  },
  {
    name: "resume",
    summary: "let a drained worker take new sessions again",
    load: async () => (await import("./resume.ts")).resumeCommand,
  },
  {
    name: "restart",
    summary: "restart a worker, or all one after the other, without losing sessions",
    load: async () => (await import("./restart.ts")).restartCommand,
  },
  {
    name: "deploy",
    summary: "deploy Synapse artifacts and carbon applications on the whole cluster",
    load: async () => (await import("./deploy.ts")).deployCommand,
  },
  {
    name: "undeploy",
    summary: "undeploy one artifact or carbon application on the whole cluster",
    load: async () => (await import("./undeploy.ts")).undeployCommand,
  },
  {
    name: "diff",
    summary: "show what differs between two revisions, by artifact and by line",
    load: async () => (await import("./diff.ts")).diffCommand,
  },
  {
    name: "history",
    summary: "show what was deployed, by whom, and what became of it",
    load: async () => (await import("./history.ts")).historyCommand,
  },
  {
    name: "rollback",
    summary: "make the content of an earlier revision live again",
    load: async () => (await import("./rollback.ts")).rollbackCommand,
  },
  {
    name: "candidates",
    summary: "show the revisions that were refused, and why",
    load: async () => (await import("./candidates.ts")).candidatesCommand,
  },
  {
    name: "signers",
    summary: "whose pushed commits are deployed: list them, add one, remove one",
    load: async () => (await import("./signers.ts")).signersCommand,
  },
  {
    name: "reset-admin",
    summary: "give the manager's user admin a new password",
    load: async () => (await import("./reset-admin.ts")).resetAdminCommand,
  },
  {
    name: "init-cluster",
    summary: "make a cluster's authority and secret on its first manager",
    load: async () => (await import("./init-cluster.ts")).initClusterCommand,
  },
  {
    name: "join-token",
    summary: "print a token that registers one node",
    load: async () => (await import("./join-token.ts")).joinTokenCommand,
  },
  {
    name: "register-node",
    summary: "register a home with a manager",
    load: async () => (await import("./register-node.ts")).registerNodeCommand,
  },
  {
    name: "node",
    summary: "list the registered nodes, or remove one",
    load: async () => (await import("./node.ts")).nodeCommand,
  },
  {
    name: "secret",
    summary: "replace the cluster's secret while it runs",
    load: async () => (await import("./secret.ts")).secretCommand,
  },
  {
    name: "certs",
    summary: "replace the nodes' internal certificates while they run",
    load: async () => (await import("./certs.ts")).certsCommand,
  },
  {
    name: "server",
    summary: "run one node: a manager, or a worker with -DworkerNode=true",
    load: async () => (await import("./server.ts")).serverCommand,
  },
  {
    name: "gateway",
    summary: "run the gateway from an nginx configuration (-t tests it, -s reload reloads it)",
    load: async () => (await import("./gateway.ts")).gatewayCommand,
  },
  {
    name: "sample-backend",
    summary: "run the backend of the sample, SimpleStockQuoteService",
    load: async () => (await import("./sample-backend.ts")).sampleBackendCommand,
  },
  {
    name: "version",
    summary: "print the version",
    load: async () => (await import("./version.ts")).versionCommand,
  },
];
