/**
 * Which nodes `bascule up` runs, where their homes lie and which ports they use: a pure function of the
 * folder, the number of workers and the offset. The ports are those of WSO2's documents and of nginx on
 * unprivileged ports; the offset is added to every one of them.
 */
import { join } from "node:path";
import type { StatusRole } from "../../runtime/node-status.ts";

/** Well below what two cores carry comfortably; every worker is a process. */
export const WORKERS_MAX = 20;
/** Keeps every port that the plan uses below 65536. */
export const OFFSET_MAX = 50_000;

/** Offsets apart by multiples of it give clusters of up to three workers that share no port. */
export const OFFSET_STEP = 20;

export const LOOPBACK = "127.0.0.1";

export interface PlannedPort {
  readonly port: number;
  /** udp for membership, tcp for everything else. */
  readonly protocol: "tcp" | "udp";
  /** For the sentence when it is taken, for example "gateway, http". */
  readonly purpose: string;
}

export interface PlannedNode {
  readonly name: string;
  readonly role: StatusRole;
  /** Absolute. */
  readonly home: string;
  /** Arguments of `bascule` that run the node. */
  readonly args: readonly string[];
  readonly ports: readonly PlannedPort[];
  /** Port of the cluster address, also among `ports`; undefined for the sample backend. */
  readonly clusterPort: number | undefined;
  /** Added to the service and management ports of a server node. */
  readonly portOffset: number;
}

export interface ClusterUrls {
  /** Service addresses through the gateway, without a service's name: ".../services/". */
  readonly services: string;
  readonly servicesSecure: string;
  readonly console: string;
}

export interface ClusterPlan {
  readonly dir: string;
  readonly offset: number;
  readonly hostName: string;
  readonly mgtHostName: string;
  readonly domain: string;
  readonly gatewayHttpPort: number;
  readonly gatewayHttpsPort: number;
  readonly managementPort: number;
  readonly backendPort: number;
  readonly nodes: readonly PlannedNode[];
  readonly urls: ClusterUrls;
}

export interface PlanOptions {
  /** Absolute. */
  readonly dir: string;
  /** 1 to WORKERS_MAX. */
  readonly workers: number;
  /** 0 to OFFSET_MAX. */
  readonly offset: number;
  /** Whether the sample's backend is one of the nodes. */
  readonly sample: boolean;
}

const PORTS = {
  gatewayHttp: 8080,
  gatewayHttps: 8443,
  gatewayCluster: 4000,
  managementHttp: 9763,
  managementHttps: 9443,
  managerCluster: 4100,
  workerHttp: 8280,
  workerHttps: 8243,
  /** Beside the manager's on the same machine; a worker alone on its machine may well use 9443. */
  workerManagement: 9444,
  workerCluster: 4200,
  /** Between the cluster ports of two workers: room for WSO2's habit 4200, 4300, ... */
  workerClusterStep: 100,
  backend: 9000,
} as const;

export function planCluster(options: PlanOptions): ClusterPlan {
  const { dir, offset, workers, sample } = options;
  const hostName = "esb.localhost";
  const mgtHostName = `mgt.${hostName}`;
  const gatewayHttpPort = PORTS.gatewayHttp + offset;
  const gatewayHttpsPort = PORTS.gatewayHttps + offset;
  const workerNodes = Array.from({ length: workers }, (_, index) => planWorker(dir, index, offset));
  return {
    dir,
    offset,
    hostName,
    mgtHostName,
    domain: "wso2.esb.domain",
    gatewayHttpPort,
    gatewayHttpsPort,
    managementPort: PORTS.managementHttps + offset,
    backendPort: PORTS.backend + offset,
    nodes: [
      ...(sample ? [planBackend(dir, offset)] : []),
      planManager(dir, offset),
      ...workerNodes,
      planGateway(dir, offset),
    ],
    urls: {
      services: `http://${hostName}:${gatewayHttpPort}/services/`,
      servicesSecure: `https://${hostName}:${gatewayHttpsPort}/services/`,
      console: `https://${mgtHostName}:${gatewayHttpsPort}/carbon/`,
    },
  };
}

/** Base ports of a worker's configuration files; its offset is added when it starts. */
export const WORKER_MANAGEMENT_PORT = PORTS.workerManagement;
/** Base ports of the manager's configuration files. */
export const MANAGER_PORTS = { http: PORTS.managementHttp, https: PORTS.managementHttps } as const;

function planBackend(dir: string, offset: number): PlannedNode {
  const port = PORTS.backend + offset;
  return {
    name: "backend",
    role: "backend",
    home: join(dir, "backend"),
    args: ["sample-backend", "--port", String(port)],
    ports: [{ port, protocol: "tcp", purpose: "sample backend" }],
    clusterPort: undefined,
    portOffset: offset,
  };
}

function planManager(dir: string, offset: number): PlannedNode {
  const home = join(dir, "manager");
  const clusterPort = PORTS.managerCluster + offset;
  return {
    name: "manager",
    role: "manager",
    home,
    args: ["server", "--home", home, "-Dsetup"],
    ports: [
      {
        port: PORTS.managementHttps + offset,
        protocol: "tcp",
        purpose: "manager, console and API (https)",
      },
      {
        port: PORTS.managementHttp + offset,
        protocol: "tcp",
        purpose: "manager, console and API (http)",
      },
      { port: clusterPort, protocol: "udp", purpose: "manager, cluster" },
    ],
    clusterPort,
    portOffset: offset,
  };
}

function planWorker(dir: string, index: number, offset: number): PlannedNode {
  const name = `worker-${index + 1}`;
  const home = join(dir, name);
  const portOffset = index + offset;
  const clusterPort = PORTS.workerCluster + index * PORTS.workerClusterStep + offset;
  return {
    name,
    role: "worker",
    home,
    args: ["server", "--home", home, "-DworkerNode=true"],
    ports: [
      { port: PORTS.workerHttp + portOffset, protocol: "tcp", purpose: `${name}, services (http)` },
      {
        port: PORTS.workerHttps + portOffset,
        protocol: "tcp",
        purpose: `${name}, services (https)`,
      },
      {
        port: PORTS.workerManagement + portOffset,
        protocol: "tcp",
        purpose: `${name}, management`,
      },
      { port: clusterPort, protocol: "udp", purpose: `${name}, cluster` },
    ],
    clusterPort,
    portOffset,
  };
}

function planGateway(dir: string, offset: number): PlannedNode {
  const home = join(dir, "gateway");
  const clusterPort = PORTS.gatewayCluster + offset;
  return {
    name: "gateway",
    role: "gateway",
    home,
    args: ["gateway", "-p", home, "-c", "conf/gateway.conf"],
    ports: [
      { port: PORTS.gatewayHttp + offset, protocol: "tcp", purpose: "gateway, http" },
      { port: PORTS.gatewayHttps + offset, protocol: "tcp", purpose: "gateway, https" },
      { port: clusterPort, protocol: "udp", purpose: "gateway, cluster" },
    ],
    clusterPort,
    portOffset: offset,
  };
}
