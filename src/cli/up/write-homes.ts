/**
 * The homes of the planned nodes, written from the package's templates: WSO2's files for manager and workers,
 * nginx's for the gateway. Existing files are never touched: a user edits them and restarts.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { writeHomeFiles } from "../../config/home-files.ts";
import { writeServerHome } from "../../config/server-home.ts";
import { PACKAGE_ROOT } from "../../runtime/product.ts";
import {
  type ClusterPlan,
  LOOPBACK,
  MANAGER_PORTS,
  type PlannedNode,
  WORKER_MANAGEMENT_PORT,
} from "./cluster-plan.ts";

const TEMPLATES = join(PACKAGE_ROOT, "conf");
/** Relative to each home. */
const PASSWORD_FILE = "conf/cluster-password";
const WORKER_PORTS = { http: MANAGER_PORTS.http + 1, https: WORKER_MANAGEMENT_PORT } as const;

/** @returns how many files were written; 0 when every home is complete. */
export function writeHomes(plan: ClusterPlan, sample: boolean): number {
  let written = 0;
  for (const node of plan.nodes) {
    if (node.role === "gateway") written += writeGatewayHome(plan, node);
    if (node.role === "manager")
      written += writeNodeHome(plan, node) + writeSample(plan, node, sample);
    if (node.role === "worker") written += writeNodeHome(plan, node);
  }
  return written;
}

/** The well-known members: the manager and the first worker, as WSO2 recommends at least two. */
function wellKnownMembers(plan: ClusterPlan): readonly { host: string; port: number }[] {
  const manager = plan.nodes.find((node) => node.role === "manager");
  const worker = plan.nodes.find((node) => node.role === "worker");
  return [manager, worker]
    .map((node) => node?.clusterPort)
    .filter((port) => port !== undefined)
    .map((port) => ({ host: LOOPBACK, port }));
}

function writeNodeHome(plan: ClusterPlan, node: PlannedNode): number {
  const isWorker = node.role === "worker";
  const clusterPort = node.clusterPort ?? 0;
  const written = writeServerHome(TEMPLATES, node.home, {
    role: isWorker ? "worker" : "manager",
    hostName: plan.hostName,
    mgtHostName: plan.mgtHostName,
    bindAddress: LOOPBACK,
    portOffset: node.portOffset,
    managementPorts: isWorker ? WORKER_PORTS : MANAGER_PORTS,
    gatewayPorts: { http: plan.gatewayHttpPort, https: plan.gatewayHttpsPort },
    domain: plan.domain,
    clusterHost: LOOPBACK,
    clusterPort,
    members: wellKnownMembers(plan).filter(({ port }) => port !== clusterPort),
    groupPasswordFile: PASSWORD_FILE,
  });
  return written.length;
}

function writeSample(plan: ClusterPlan, manager: PlannedNode, sample: boolean): number {
  const target = join(manager.home, "repository", "deployment", "server");
  mkdirSync(target, { recursive: true });
  if (!sample) return 0;
  const tokens = { backendPort: String(plan.backendPort) };
  return writeHomeFiles(join(TEMPLATES, "sample"), target, tokens).length;
}

/** Paths are relative (to conf/, those of logs to the home): a home may lie anywhere and be moved. */
function writeGatewayHome(plan: ClusterPlan, node: PlannedNode): number {
  for (const folder of ["logs", "run"]) mkdirSync(join(node.home, folder), { recursive: true });
  const members = wellKnownMembers(plan).map(({ host, port }) => `member ${host}:${port};`);
  const written = writeHomeFiles(join(TEMPLATES, "gateway"), join(node.home, "conf"), {
    hostName: plan.hostName,
    mgtHostName: plan.mgtHostName,
    httpPort: `${LOOPBACK}:${plan.gatewayHttpPort}`,
    httpsPort: `${LOOPBACK}:${plan.gatewayHttpsPort}`,
    proxyAddress: LOOPBACK,
    managementPort: String(plan.managementPort),
    tlsFolder: "tls",
    logFolder: "logs",
    clusterDomain: plan.domain,
    memberHost: LOOPBACK,
    memberPort: String(node.clusterPort),
    members: members.join("\n    "),
    groupPasswordFile: "cluster-password",
    nodeName: node.name,
  });
  return written.length;
}
