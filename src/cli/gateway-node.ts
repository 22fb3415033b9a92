/**
 * A gateway as a node of the cluster: membership, the gateway itself, status, pid file, and what its signals
 * do. The one place that knows how gateway and cluster meet.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Cluster, MemberPorts } from "../cluster/cluster.ts";
import { startCluster } from "../cluster/start-cluster.ts";
import { AppError, messageOf } from "../errors/app-error.ts";
import { formatProblem } from "../errors/config-error.ts";
import type { ClusterConfig, GatewayConfig } from "../gateway/gateway-config.ts";
import { type Gateway, startGateway } from "../gateway/gateway.ts";
import { formatAddress } from "../gateway/http/listen-address.ts";
import { emptyDirectory, type ServerDirectory } from "../gateway/upstream/server-directory.ts";
import type { Log } from "../observability/log.ts";
import type { Clock } from "../runtime/clock.ts";
import type { NodeState, NodeStatus } from "../runtime/node-status.ts";
import { memberViews, processProperties } from "./member-view.ts";

export interface GatewayNodeOptions {
  readonly config: GatewayConfig;
  /** Reads the configuration again. */
  readonly load: () => Promise<GatewayConfig>;
  readonly log: Log;
  readonly clock: Clock;
  /** Called with each change of the node's status. */
  readonly onStatus: (status: NodeStatus) => void;
}

/** The name in logs and status. */
export function gatewayName(config: GatewayConfig): string {
  return config.cluster?.nodeName ?? "gateway";
}

/** The URLs that the configuration listens on. */
export function gatewayUrls(config: GatewayConfig): readonly string[] {
  return config.listeners.flatMap(({ addresses }) =>
    addresses.map(({ tls, address }) => `${tls ? "https" : "http"}://${formatAddress(address)}`),
  );
}

export class GatewayNode {
  readonly #options: GatewayNodeOptions;
  readonly #name: string;
  #cluster: Cluster | undefined;
  #gateway: Gateway | undefined;
  #state: NodeState = "starting";

  constructor(options: GatewayNodeOptions) {
    this.#options = options;
    this.#name = gatewayName(options.config);
  }

  /** Resolves when every socket listens and the pid file is written. @throws AppError; nothing is left running. */
  async start(): Promise<void> {
    const { config, clock } = this.#options;
    this.#report();
    try {
      this.#cluster = config.cluster ? await this.#join(config, config.cluster) : undefined;
      const directory = this.#cluster ? directoryOf(this.#cluster) : emptyDirectory;
      const stderr = { write: (line: string) => void process.stderr.write(line) };
      this.#gateway = await startGateway({ config, clock, stderr, directory });
      writePidFile(config.pidFile);
    } catch (error) {
      this.#gateway?.terminate();
      await this.#cluster?.close();
      throw error;
    }
    for (const event of ["joined", "left", "updated"] as const) {
      this.#cluster?.on(event, () => this.#report());
    }
    this.#cluster?.update({ state: "active" });
    this.#enter("active");
  }

  /** Reads the configuration again; what is wrong with it is logged and the old one stays. */
  async reload(): Promise<void> {
    const { log, load } = this.#options;
    const before = this.#gateway?.config;
    try {
      await this.#gateway?.reload(load);
    } catch (error) {
      log.error(`The configuration was not reloaded, the old one stays: ${messageOf(error)}`);
      return;
    }
    const config = this.#gateway?.config;
    for (const warning of config?.warnings ?? []) log.warn(formatProblem(warning));
    if (JSON.stringify(before?.cluster) !== JSON.stringify(config?.cluster)) {
      log.warn('Changes of the block "cluster" take effect at the next start');
    }
    log.info("The configuration was reloaded");
    this.#cluster?.update({ ports: portsOf(config ?? this.#options.config) });
    this.#report();
  }

  reopenLogs(): void {
    const { log } = this.#options;
    const failures = this.#gateway?.reopenLogs() ?? [];
    for (const failure of failures) log.error(failure);
    if (failures.length === 0) log.info("The log files were opened again");
  }

  /** Finishes the requests in progress, then stops. */
  async quit(): Promise<void> {
    this.#cluster?.update({ state: "draining" });
    this.#enter("draining");
    await this.#gateway?.close();
    await this.#leave();
  }

  /** Stops at once. */
  async stop(): Promise<void> {
    this.#gateway?.terminate();
    await this.#leave();
  }

  async #leave(): Promise<void> {
    rmSync(this.#options.config.pidFile, { force: true });
    await this.#cluster?.close();
    this.#cluster = undefined;
    this.#enter("stopped");
  }

  #join(config: GatewayConfig, cluster: ClusterConfig): Promise<Cluster> {
    const { log, clock } = this.#options;
    return startCluster({
      provider: "embedded",
      domain: cluster.domain,
      localMemberHost: cluster.localMemberHost,
      localMemberPort: cluster.localMemberPort,
      members: cluster.members,
      groupPassword: readGroupPassword(cluster.groupPasswordFile),
      self: {
        role: "gateway",
        subDomain: "gateway",
        ports: portsOf(config),
        properties: processProperties(),
        name: this.#name,
      },
      log,
      clock,
    });
  }

  #enter(state: NodeState): void {
    this.#state = state;
    this.#report();
  }

  #report(): void {
    const self = this.#cluster?.self;
    const urls = this.#gateway ? gatewayUrls(this.#gateway.config) : [];
    this.#options.onStatus({
      name: this.#name,
      role: "gateway",
      state: this.#state,
      pid: process.pid,
      addresses: [...urls, ...(self ? [`cluster://${self.host}:${self.port}`] : [])],
      revision: null,
      members: memberViews(this.#cluster),
    });
  }
}

/** The gateway's view of the membership. */
function directoryOf(cluster: Cluster): ServerDirectory {
  return {
    members: () => cluster.members(),
    onChange(handler) {
      const ends = (["joined", "left", "updated"] as const).map((event) =>
        cluster.on(event, handler),
      );
      return () => ends.forEach((end) => end());
    },
  };
}

/** The first plain and the first TLS port. */
function portsOf(config: GatewayConfig): MemberPorts {
  const addresses = config.listeners.flatMap((listener) => listener.addresses);
  const plain = addresses.find(({ tls }) => !tls)?.address.port;
  const secure = addresses.find(({ tls }) => tls)?.address.port;
  return {
    ...(plain === undefined ? {} : { http: plain }),
    ...(secure === undefined ? {} : { https: secure }),
  };
}

function readGroupPassword(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    const sentence = `the file of "group_password_file" cannot be read: ${messageOf(error)}`;
    throw new AppError("CONFIG_INVALID", sentence, { side: "config", cause: error });
  }
}

function writePidFile(file: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${process.pid}\n`);
  } catch (error) {
    const sentence = `the pid file cannot be written: ${messageOf(error)}`;
    throw new AppError("CONFIG_INVALID", sentence, { side: "config", cause: error });
  }
}
