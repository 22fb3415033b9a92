/**
 * `bascule server`: a manager, a worker, or both in one, the way WSO2's start script starts them. Reads the
 * home's configuration, runs the node until a signal, and tells a parent process what it does.
 */
import { hostname } from "node:os";
import { join } from "node:path";
import type { NodeConfig } from "../config/node-config.ts";
import { loadNodeConfig } from "../config/load-node-config.ts";
import { AppError, messageOf } from "../errors/app-error.ts";
import { formatProblem } from "../errors/config-error.ts";
import { createLog, type Log } from "../observability/log.ts";
import { LogRing } from "../observability/log-ring.ts";
import { LogService } from "../observability/log-service.ts";
import { LogFile } from "../observability/log-file.ts";
import { systemClock } from "../runtime/clock.ts";
import { type NodeState, type NodeStatus, reportStatus } from "../runtime/node-status.ts";
import { PRODUCT_VERSION } from "../runtime/product.ts";
import { REMOVED_STATUS } from "../runtime/removed-status.ts";
import { RESTART_STATUS } from "../runtime/restart-status.ts";
import type { Command } from "./command.ts";
import { CertifiedStatus } from "./certified-status.ts";
import { certificatesIn } from "../net/tls/expiry-watch.ts";
import { prepareCertificates, publicFiles } from "./node-certificates.ts";
import { type EndReason, OrderedEnding } from "./node-ending.ts";
import { parseServerArguments } from "./server-arguments.ts";
import { startServerNode } from "./server-node.ts";
import { autocluster } from "./trust/autocluster.ts";
import { type StopReason, untilStopped } from "./stop-signals.ts";

const USAGE = `Usage: bascule server [--home DIR] [-Dsetup] [-DworkerNode=true] [-DportOffset=N] [-Dname=value]...

Runs one node from the configuration files in DIR (default: the current folder):
a manager, with -DworkerNode=true a worker, or both in one when clustering is off.

  -Dsetup             make the manager's tables, or bring them up to date
  -DworkerNode=true   a worker: runs what the manager deploys and changes nothing
  -DportOffset=N      added to the service and management ports, before carbon.xml's
  -DnodeName=NAME     the name in logs and status (default: the folder's name)
  -Dautocluster.first=HOST:PORT
                      on a clean home: makes the cluster where this node is HOST:PORT, else registers
                      there with the join token in conf/join-token or $BASCULE_JOIN_TOKEN
  -Dname=value        \${name} in the configuration files`;

/** Artifacts and logs may hold secrets: nothing that a node writes is for other users of the machine. */
const OTHERS_NOTHING = 0o027;

export const serverCommand: Command = {
  usage: USAGE,
  async run(args) {
    const { home, properties } = parseServerArguments(args, process.cwd());
    await autocluster({
      home,
      role: properties["workerNode"] === "true" ? "worker" : "manager",
      properties,
      environment: process.env,
      clock: systemClock,
      say: (sentence) => console.log(sentence),
    });
    const { config, warnings, notices } = loadNodeConfig({
      home,
      properties,
      environment: process.env,
    });
    process.umask(OTHERS_NOTHING);
    const file = openLogFile(config.home);
    const ring = new LogRing();
    const log = createLog({
      node: config.name,
      ring,
      sinks: [{ write: (line) => void process.stdout.write(line) }, file],
    });
    for (const warning of warnings) log.warn(formatProblem(warning));
    for (const notice of notices) log.info(notice);
    try {
      const logs = new LogService({ node: config.name, ring, clock: systemClock });
      return await runNode(config, log, logs);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      // The log goes to standard output too: once is enough.
      log.fatal(error.message);
      return error.code === "NODE_REMOVED" ? REMOVED_STATUS : 1;
    } finally {
      file.close();
    }
  },
};

/** The first thing that a node writes into its home. */
function openLogFile(home: string): LogFile {
  const path = join(home, "repository", "logs", "bascule.log");
  try {
    return new LogFile(path);
  } catch (cause) {
    const reason = `the node cannot write its log ${path} (${messageOf(cause)}): its home must be writable`;
    throw new AppError("HOME_INVALID", reason, { side: "config", cause });
  }
}

async function runNode(config: NodeConfig, log: Log, logs: LogService): Promise<number> {
  const startedMs = systemClock.monotonicMs();
  log.info(
    `Starting Bascule ${PRODUCT_VERSION}, ${config.role} on ${hostname()} (pid ${process.pid})`,
  );
  log.info(`Repository       : ${config.repositoryLocation}`);
  reportStatus(startingStatus(config, "starting"));
  const ending = new OrderedEnding(process.env, process.connected);
  const stopped = Promise.race([untilStopped(), ending.ended]);
  await prepareCertificates(config, log);
  const statuses = new CertifiedStatus({
    certificates: () => certificatesIn(publicFiles(config)),
    log: log.child("Certificates"),
    clock: systemClock,
    report: reportStatus,
  });
  const parts = { config, log, logs, clock: systemClock, stopping: stopped, ending };
  const node = await startServerNode({
    ...parts,
    onStatus: (status) => statuses.report(status),
    onRemoved: () => ending.end("removed"),
  });
  const seconds = ((systemClock.monotonicMs() - startedMs) / 1000).toFixed(1);
  log.info(`Bascule ${config.role} ${config.name} started in ${seconds} sec`);
  const reason = await stopped;
  log.info(`Stopping (${reason}) ...`);
  await node.close();
  await statuses.close();
  log.info("Stopped");
  reportStatus(startingStatus(config, reason === "removed" ? "removed" : "stopped"));
  return exitStatusOf(reason);
}

function exitStatusOf(reason: StopReason | EndReason): number {
  if (reason === "restart") return RESTART_STATUS;
  return reason === "removed" ? REMOVED_STATUS : 0;
}

function startingStatus(config: NodeConfig, state: NodeState): NodeStatus {
  return {
    name: config.name,
    role: config.role,
    state,
    pid: process.pid,
    addresses: [],
    revision: null,
    members: [],
  };
}
