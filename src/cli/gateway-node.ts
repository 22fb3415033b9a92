/**
 * A gateway as a node of the cluster: membership, the gateway itself, status, pid file, and what its signals
 * do. The one place that knows how gateway and cluster meet.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import type { Cluster, MemberPorts } from "../cluster/cluster.ts";
import { hostNamesOf } from "../cluster/host-names.ts";
import { Stability } from "../cluster/stability.ts";
import { startCluster } from "../cluster/start-cluster.ts";
import { AppError, messageOf } from "../errors/app-error.ts";
import { formatProblem } from "../errors/config-error.ts";
import type { ClusterConfig, GatewayConfig } from "../gateway/gateway-config.ts";
import { type Gateway, startGateway } from "../gateway/gateway.ts";
import { formatAddress } from "../gateway/http/listen-address.ts";
import { HealthListener } from "../gateway/health-listener.ts";
import { emptyDirectory } from "../gateway/upstream/server-directory.ts";
import type { SessionSharing } from "../gateway/upstream/shared-sessions.ts";
import { type CertificateInUse, certificateInPem } from "../net/tls/expiry-watch.ts";
import { SECRETS_FILE } from "../net/trust/trust-home.ts";
import type { Log } from "../observability/log.ts";
import type { Clock } from "../runtime/clock.ts";
import type { NodeState, NodeStatus } from "../runtime/node-status.ts";
import { CertifiedStatus } from "./certified-status.ts";
import { GatewayReports } from "./gateway-reports.ts";
import { MemberDirectory } from "./member-directory.ts";
import { clusterTrouble, memberViews, processProperties } from "./member-view.ts";
import { NodeTrust } from "./trust/node-trust.ts";

export interface GatewayNodeOptions {
  readonly config: GatewayConfig;
  /** Reads the configuration again. */
  readonly load: () => Promise<GatewayConfig>;
  readonly log: Log;
  readonly clock: Clock;
  /** Called with each change of the node's status. */
  readonly onStatus: (status: NodeStatus) => void;
  /** Called when a manager has said that this node was removed from the cluster: it is to quit. Default: it goes on. */
  readonly onRemoved?: () => void;
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
  #trust: NodeTrust | undefined;
  #directory: MemberDirectory | undefined;
  #reports: GatewayReports | undefined;
  #stability: Stability | undefined;
  #health: HealthListener | undefined;
  #gateway: Gateway | undefined;
  readonly #statuses: CertifiedStatus;
  #state: NodeState = "starting";

  constructor(options: GatewayNodeOptions) {
    this.#options = options;
    this.#name = gatewayName(options.config);
    this.#statuses = new CertifiedStatus({
      certificates: () => shownCertificates(this.#gateway?.config ?? options.config),
      log: options.log.child("Certificates"),
      clock: options.clock,
      report: options.onStatus,
    });
  }

  /**
   * Resolves with true when every socket listens and the pid file is written, with false when the node was stopped before
   * it was stable. @throws AppError; nothing is left running.
   */
  async start(): Promise<boolean> {
    const { config } = this.#options;
    this.#report();
    try {
      if (config.cluster && !(await this.#joinAndWait(config, config.cluster))) return false;
      this.#gateway = await this.#startGateway(config);
      writePidFile(config.pidFile);
    } catch (error) {
      this.#gateway?.terminate();
      await this.#closeMembership();
      throw error;
    }
    for (const event of ["joined", "left", "updated", "trouble"] as const) {
      this.#cluster?.on(event, () => this.#report());
    }
    this.#cluster?.update({ state: "active" });
    this.#reports?.look();
    this.#enter("active");
    return true;
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
    this.#statuses.look();
    this.#cluster?.update({ ports: portsOf(config ?? this.#options.config) });
    this.#reports?.look();
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
    await this.#closeMembership();
    await this.#statuses.close();
    this.#enter("stopped");
  }

  async #closeMembership(): Promise<void> {
    await this.#trust?.close();
    await this.#stability?.close();
    await this.#health?.close();
    await this.#reports?.close();
    await this.#directory?.close();
    await this.#cluster?.close();
    this.#cluster = undefined;
  }

  /** False: the node was stopped while it waited for other members. */
  async #joinAndWait(config: GatewayConfig, settings: ClusterConfig): Promise<boolean> {
    const { log, clock } = this.#options;
    const cluster = await this.#join(config, settings);
    this.#cluster = cluster;
    const membership = cluster;
    const membersLog = log.child("Members");
    const onSettled = (): void => this.#reports?.look();
    const directory = new MemberDirectory({ membership, clock, log: membersLog, onSettled });
    const [gateway, live] = [() => this.#gateway, () => directory.live];
    this.#directory = directory;
    this.#reports = new GatewayReports({ cluster, gateway, live, clock, log: membersLog });
    const stability = new Stability({
      membership,
      config: settings.stability,
      clock,
      log: log.child("Stability"),
    });
    this.#stability = stability;
    const view = () => ({
      state: this.#state,
      removed: this.#trust?.view.isExpelled ?? false,
      readiness: stability.readiness,
    });
    if (settings.healthListen) {
      this.#health = await HealthListener.start(settings.healthListen, view);
    }
    return stability.untilOpen();
  }

  #startGateway(config: GatewayConfig): Promise<Gateway> {
    const { clock } = this.#options;
    const cluster = this.#cluster;
    const stderr = { write: (line: string) => void process.stderr.write(line) };
    const directory = this.#directory ?? emptyDirectory;
    const share = cluster && sessionSharing(cluster);
    return startGateway({ config, clock, stderr, directory, ...(share && { share }) });
  }

  async #join(config: GatewayConfig, cluster: ClusterConfig): Promise<Cluster> {
    const { log, clock } = this.#options;
    const groupPassword = readGroupPassword(cluster.groupPasswordFile);
    const trust = await NodeTrust.open({
      home: homeOf(cluster.groupPasswordFile, config.pidFile),
      name: this.#name,
      groupPassword,
      publicFiles: undefined,
      isAuthority: false,
      onTrouble: () => this.#report(),
      onRemoved: this.#options.onRemoved,
      log: log.child("Trust"),
      clock,
    });
    this.#trust = trust;
    const joined = await startCluster({
      ...trust.membership,
      provider: cluster.hazelcastMembers.length > 0 ? "hazelcast" : "embedded",
      hazelcast: { members: cluster.hazelcastMembers, command: undefined, folder: "" },
      domain: cluster.domain,
      localMemberHost: cluster.localMemberHost,
      localMemberPort: cluster.localMemberPort,
      members: cluster.members,
      groupPassword: readGroupPassword(cluster.groupPasswordFile),
      self: {
        role: "gateway",
        subDomain: "gateway",
        ports: portsOf(config),
        properties: { ...processProperties(), ...trust.properties },
        name: this.#name,
        hostNames: hostNamesOf({
          configured: cluster.hostNames,
          name: this.#name,
          machine: hostname(),
          localMemberHost: cluster.localMemberHost,
        }),
      },
      log,
      clock,
    });
    trust.joined(joined);
    return joined;
  }

  #enter(state: NodeState): void {
    this.#state = state;
    this.#report();
  }

  #report(): void {
    const self = this.#cluster?.self;
    const urls = this.#gateway ? gatewayUrls(this.#gateway.config) : [];
    this.#statuses.report({
      name: this.#name,
      role: "gateway",
      state: this.#state,
      pid: process.pid,
      addresses: [...urls, ...(self ? [`cluster://${self.host}:${self.port}`] : [])],
      revision: null,
      members: memberViews(this.#cluster),
      ...clusterTrouble(this.#cluster, this.#trust),
    });
  }
}

/** The gateways of the domain share the zones of the same name. */
function sessionSharing(cluster: Cluster): SessionSharing {
  const includes = ({ role }: { readonly role: string }): boolean => role === "gateway";
  return (zone, store) => cluster.map(`sessions ${zone}`, { store, includes });
}

/** Those of all servers; one file may serve several. */
function shownCertificates({ listeners }: GatewayConfig): readonly CertificateInUse[] {
  const addresses = listeners.flatMap((listener) => listener.addresses);
  const servers = addresses.flatMap(({ defaultServer, names }) => [
    defaultServer,
    ...names.servers,
  ]);
  const files = servers.flatMap(({ tls }) => tls?.certificates ?? []);
  return files.map(({ path, pem }) => certificateInPem(path, pem));
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

/** The home that the secret's file lies in, `HOME/conf/cluster-password`; the pid file's folder where it lies elsewhere. */
function homeOf(secretFile: string | undefined, pidFile: string): string {
  const file = secretFile ?? "";
  const home = dirname(dirname(file));
  return file !== "" && join(home, SECRETS_FILE) === file ? home : dirname(pidFile);
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
