/**
 * Puts a server node together: membership, then the manager, the worker, or both, from one NodeConfig. With
 * manager-part.ts and worker-part.ts the one place that knows how the libraries meet. Those two are loaded only
 * where they are needed, so that a worker carries none of the manager's libraries.
 */
import { type Cluster, type MemberPorts } from "../cluster/cluster.ts";
import { MEMBER_PROPERTIES } from "../cluster/member-properties.ts";
import { startCluster } from "../cluster/start-cluster.ts";
import type { NodeConfig } from "../config/node-config.ts";
import type { DeploymentPublisher } from "../depsync/deployment-repository.ts";
import type { Manager } from "../manager/manager.ts";
import { identityFingerprint } from "../net/tls/certificate-fingerprint.ts";
import { readServerIdentity } from "../net/tls/tls-files.ts";
import type { Log } from "../observability/log.ts";
import type { LogService } from "../observability/log-service.ts";
import type { Clock } from "../runtime/clock.ts";
import { type Closable, Lifecycle } from "../runtime/lifecycle.ts";
import type { NodeState, NodeStatus } from "../runtime/node-status.ts";
import type { Worker } from "../worker/worker.ts";
import { memberViews, processProperties } from "./member-view.ts";

export interface ServerNodeOptions {
  readonly config: NodeConfig;
  readonly log: Log;
  /** The node's own log, for those who may read it over the network. */
  readonly logs: LogService;
  readonly clock: Clock;
  /** Called with each change of the node's status. */
  readonly onStatus: (status: NodeStatus) => void;
}

/** Resolves when the node serves. @throws AppError; what was started is closed again. */
export async function startServerNode(options: ServerNodeOptions): Promise<Closable> {
  const node = new ServerNode(options);
  try {
    await node.start();
  } catch (error) {
    await node.close();
    throw error;
  }
  return node;
}

class ServerNode implements Closable {
  readonly #options: ServerNodeOptions;
  readonly #lifecycle: Lifecycle;
  #cluster: Cluster | undefined;
  #manager: Manager | undefined;
  #worker: Worker | undefined;
  #state: NodeState = "starting";

  constructor(options: ServerNodeOptions) {
    this.#options = options;
    this.#lifecycle = new Lifecycle(options.clock, (sentence) => options.log.warn(sentence));
  }

  async start(): Promise<void> {
    const { config } = this.#options;
    const publisher = config.role === "worker" ? undefined : await this.#openPublisher();
    // Loading the program blocks: it is done before others count on this node's heartbeats.
    if (config.role !== "manager") await import("./worker-part.ts");
    if (config.clustering) await this.#join(publisher?.location);
    if (publisher) await this.#startManager(publisher);
    if (config.role !== "manager") await this.#startWorker(publisher);
    this.#cluster?.on("joined", () => this.#report());
    this.#cluster?.on("left", () => this.#report());
    this.#cluster?.on("updated", () => this.#report());
    if (config.role !== "worker") this.#cluster?.update({ state: "active" });
    this.#state = "active";
    this.#report();
  }

  async #openPublisher(): Promise<DeploymentPublisher> {
    const { openOwnPublisher } = await import("./manager-part.ts");
    return openOwnPublisher(this.#options);
  }

  close(): Promise<void> {
    this.#state = "draining";
    this.#report();
    return this.#lifecycle.close();
  }

  async #join(repository: string | undefined): Promise<void> {
    const { config, log, clock } = this.#options;
    const { clustering } = config;
    if (!clustering) return;
    const cluster = await startCluster({
      ...clustering,
      self: {
        role: config.role === "worker" ? "worker" : "manager",
        subDomain: clustering.subDomain,
        name: config.name,
        ports: memberPorts(config),
        properties: {
          ...clustering.properties,
          ...processProperties(),
          ...managementCertificate(config),
          ...(repository === undefined
            ? {}
            : { [MEMBER_PROPERTIES.deploymentRepository]: repository }),
        },
      },
      log,
      clock,
    });
    this.#cluster = this.#lifecycle.add("membership", cluster);
  }

  async #startManager(publisher: DeploymentPublisher): Promise<void> {
    const { startManagerPart } = await import("./manager-part.ts");
    const manager = await startManagerPart({
      ...this.#options,
      publisher,
      cluster: this.#cluster,
      onDeployed: () => void this.#worker?.look(),
    });
    this.#manager = this.#lifecycle.add("manager", manager);
  }

  async #startWorker(publisher: DeploymentPublisher | undefined): Promise<void> {
    const { startWorkerPart } = await import("./worker-part.ts");
    const worker = await startWorkerPart({
      ...this.#options,
      cluster: this.#cluster,
      publisher,
      location: () => this.#repositoryLocation(),
      onChange: () => this.#report(),
    });
    this.#worker = this.#lifecycle.add("worker", worker);
    this.#report();
  }

  /** Where the configuration says, else where the manager's member record says; undefined until one has joined. */
  #repositoryLocation(): string | undefined {
    const { repository } = this.#options.config.depsync;
    if (repository.kind === "remote") return repository.url;
    const manager = this.#cluster?.members().find((member) => member.role === "manager");
    return manager?.properties[MEMBER_PROPERTIES.deploymentRepository];
  }

  /** A worker that listens but has no revision yet takes no traffic: it is still starting. */
  #shownState(): NodeState {
    const waits = this.#options.config.role === "worker" && this.#worker?.revision === undefined;
    return this.#state === "active" && waits ? "starting" : this.#state;
  }

  #report(): void {
    const { config, onStatus } = this.#options;
    const self = this.#cluster?.self;
    onStatus({
      name: config.name,
      role: config.role,
      state: this.#shownState(),
      pid: process.pid,
      addresses: [
        ...(this.#worker ? serviceAddresses(config) : []),
        ...(this.#manager?.addresses ?? []),
        ...(self ? [`cluster://${self.host}:${self.port}`] : []),
      ],
      revision: this.#worker?.revision ?? self?.revision ?? null,
      members: memberViews(this.#cluster),
    });
  }
}

function memberPorts(config: NodeConfig): MemberPorts {
  const { role, serviceListeners, connectors } = config;
  const services = role === "manager" ? [] : serviceListeners;
  const management = connectors.find(({ scheme }) => scheme === "https")?.port;
  const ports = Object.fromEntries(services.map(({ scheme, port }) => [scheme, port]));
  return { ...ports, ...(management === undefined ? {} : { management }) };
}

/** What manager and workers know one another by: the certificate of the port that `memberPorts` tells. */
function managementCertificate({ connectors }: NodeConfig): Readonly<Record<string, string>> {
  const tls = connectors.find(({ scheme }) => scheme === "https")?.tls;
  const fingerprint = tls && identityFingerprint(readServerIdentity(tls));
  return fingerprint === undefined
    ? {}
    : { [MEMBER_PROPERTIES.managementCertificate]: fingerprint };
}

function serviceAddresses({ serviceListeners, connectors, role }: NodeConfig): readonly string[] {
  const management = role === "worker" ? connectors.filter(({ scheme }) => scheme === "https") : [];
  return [...serviceListeners, ...management].map(({ scheme, bindAddress, port }) => {
    const host = bindAddress === "0.0.0.0" ? "127.0.0.1" : bindAddress;
    return `${scheme}://${host}:${port}`;
  });
}
