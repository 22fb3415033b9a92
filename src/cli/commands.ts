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
    name: "deploy",
    summary: "deploy Synapse artifacts (XML files) on the manager",
    load: async () => (await import("./deploy.ts")).deployCommand,
  },
  {
    name: "undeploy",
    summary: "undeploy one artifact on the manager",
    load: async () => (await import("./undeploy.ts")).undeployCommand,
  },
  {
    name: "reset-admin",
    summary: "give the manager's user admin a new password",
    load: async () => (await import("./reset-admin.ts")).resetAdminCommand,
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
