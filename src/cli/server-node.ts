/**
 * Puts a server node together: membership, then the manager, the worker, or both, from one NodeConfig. The one
 * place that knows how manager, worker, mediation, depsync and cluster meet.
 */
import { type Cluster, type MemberPorts } from "../cluster/cluster.ts";
import { MEMBER_PROPERTIES } from "../cluster/member-properties.ts";
import { startCluster } from "../cluster/start-cluster.ts";
import type { NodeConfig } from "../config/node-config.ts";
import type { DeploymentPublisher } from "../depsync/deployment-repository.ts";
import type { Manager } from "../manager/manager.ts";
import type { Log } from "../observability/log.ts";
import type { Clock } from "../runtime/clock.ts";
import { type Closable, Lifecycle } from "../runtime/lifecycle.ts";
import type { NodeState, NodeStatus } from "../runtime/node-status.ts";
import { FolderSource } from "../worker/folder-source.ts";
import { PublisherSource } from "../worker/publisher-source.ts";
import type { RevisionSource } from "../worker/revision-source.ts";
import { Worker } from "../worker/worker.ts";
import { memberViews, processProperties } from "./member-view.ts";
import { openOwnPublisher, openRepositorySource, startManagerPart } from "./server-parts.ts";

export interface ServerNodeOptions {
  readonly config: NodeConfig;
  readonly log: Log;
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
    const publisher = config.role === "worker" ? undefined : await openOwnPublisher(this.#options);
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
    const part = {
      ...this.#options,
      publisher,
      cluster: this.#cluster,
      onDeployed: () => void this.#worker?.look(),
    };
    this.#manager = this.#lifecycle.add("manager", await startManagerPart(part));
  }

  async #startWorker(publisher: DeploymentPublisher | undefined): Promise<void> {
    const worker = await Worker.start({
      ...this.#options,
      cluster: this.#cluster,
      source: await this.#source(publisher),
      onChange: () => this.#report(),
    });
    this.#worker = this.#lifecycle.add("worker", worker);
    this.#report();
  }

  async #source(publisher: DeploymentPublisher | undefined): Promise<RevisionSource> {
    if (publisher) return new PublisherSource(publisher);
    const { config } = this.#options;
    if (!config.depsync.enabled || !config.depsync.autoCheckout) {
      return new FolderSource(config.repositoryLocation);
    }
    return openRepositorySource(this.#options, () => this.#repositoryLocation());
  }

  /** Where the configuration says, else where the manager's member record says; undefined until one has joined. */
  #repositoryLocation(): string | undefined {
    const { repository } = this.#options.config.depsync;
    if (repository.kind === "remote") return repository.url;
    const manager = this.#cluster?.members().find((member) => member.role === "manager");
    return manager?.properties[MEMBER_PROPERTIES.deploymentRepository];
  }

  #report(): void {
    const { config, onStatus } = this.#options;
    const self = this.#cluster?.self;
    onStatus({
      name: config.name,
      role: config.role,
      state: this.#state,
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

function serviceAddresses({ serviceListeners, connectors, role }: NodeConfig): readonly string[] {
  const management = role === "worker" ? connectors.filter(({ scheme }) => scheme === "https") : [];
  return [...serviceListeners, ...management].map(({ scheme, bindAddress, port }) => {
    const host = bindAddress === "0.0.0.0" ? "127.0.0.1" : bindAddress;
    return `${scheme}://${host}:${port}`;
  });
}
