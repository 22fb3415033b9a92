/**
 * Puts a server node together: membership, then the manager, the worker, or both, from one NodeConfig. With
 * manager-part.ts and worker-part.ts the one place that knows how the libraries meet. Those two are loaded only
 * where they are needed, so that a worker carries none of the manager's libraries.
 */
import { hostname } from "node:os";
import { flushCompileCache } from "node:module";
import { join } from "node:path";
import { type Cluster, type Member, type MemberPorts } from "../cluster/cluster.ts";
import { MEMBER_PROPERTIES } from "../cluster/member-properties.ts";
import { hostNamesOf } from "../cluster/host-names.ts";
import { Stability } from "../cluster/stability.ts";
import type { HazelcastSettings } from "../cluster/hazelcast/start-hazelcast.ts";
import { startCluster } from "../cluster/start-cluster.ts";
import type { ClusteringConfig, NodeConfig, StabilityConfig } from "../config/node-config.ts";
import type { DeploymentPublisher } from "../depsync/deployment-repository.ts";
import type { Manager } from "../manager/manager.ts";
import { hasAuthority } from "../manager/trust/authority-files.ts";
import type { Log } from "../observability/log.ts";
import type { LogService } from "../observability/log-service.ts";
import type { Clock } from "../runtime/clock.ts";
import { type Closable, Lifecycle } from "../runtime/lifecycle.ts";
import type { NodeState, NodeStatus } from "../runtime/node-status.ts";
import type { NodeEnding } from "../worker/node-draining.ts";
import type { JoinedCluster, Worker } from "../worker/worker.ts";
import { toldLocation } from "./repository-places.ts";
import { clusterTrouble, memberViews, processProperties } from "./member-view.ts";
import { NodeTrust } from "./trust/node-trust.ts";

export interface ServerNodeOptions {
  readonly config: NodeConfig;
  readonly log: Log;
  /** The node's own log, for those who may read it over the network. */
  readonly logs: LogService;
  readonly clock: Clock;
  /** Called with each change of the node's status. */
  readonly onStatus: (status: NodeStatus) => void;
  /** Resolves when the node is to stop: it does not wait for other members any more. Default: never. */
  readonly stopping?: Promise<unknown>;
  /** Called when a manager has said that this node was removed from the cluster: it is to stop. Default: it goes on. */
  readonly onRemoved?: () => void;
  /** Ends the process when a manager says so. Default: the node can only be drained. */
  readonly ending?: NodeEnding;
}

/**
 * Resolves when the node serves, or when `stopping` came first.
 * @throws AppError, NODE_REMOVED when it has no part in its cluster any more; what was started is closed again.
 */
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
  #trust: NodeTrust | undefined;
  #cluster: Cluster | undefined;
  #stability: Stability | undefined;
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
    const trust = await this.#openTrust();
    const ofManager = publisher && (await managerProperties(config, publisher));
    const joining = config.clustering && this.#join(trust, config.clustering, ofManager);
    if (!joining) await loadParts(config.role);
    const over = Promise.allSettled([joining]);
    try {
      if (publisher) {
        await joining;
        await this.#startManager(publisher);
      }
      if (config.role !== "manager") await this.#startWorker(publisher, joining);
    } finally {
      // However that has ended: what has joined is closed with the rest.
      await over;
    }
    this.#cluster?.on("joined", () => this.#report());
    this.#cluster?.on("left", () => this.#report());
    this.#cluster?.on("updated", () => this.#report());
    this.#cluster?.on("trouble", () => this.#report());
    if ((await this.#stability?.untilOpen()) === false) return;
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

  async #openTrust(): Promise<NodeTrust> {
    const { config, log, clock, onRemoved } = this.#options;
    const { home, name, clustering, connectors } = config;
    const trust = await NodeTrust.open({
      home,
      name,
      groupPassword: clustering?.groupPassword,
      publicFiles: connectors.find(({ scheme }) => scheme === "https")?.tls,
      isAuthority: hasAuthority(home),
      onTrouble: () => this.#report(),
      onRemoved,
      log: log.child("Trust"),
      clock,
    });
    this.#trust = this.#lifecycle.add("trust", trust);
    return trust;
  }

  async #join(
    trust: NodeTrust,
    clustering: ClusteringConfig,
    ofManager: Member["properties"] = {},
  ): Promise<JoinedCluster> {
    const { config, log, clock } = this.#options;
    log.info("Clustering has been enabled");
    const cluster = await startCluster({
      ...clustering,
      hazelcast: hazelcastSettings(config),
      ...trust.membership,
      self: {
        role: config.role === "worker" ? "worker" : "manager",
        subDomain: clustering.subDomain,
        name: config.name,
        hostNames: hostNamesOf({
          configured: clustering.hostNames,
          name: config.name,
          machine: hostname(),
          localMemberHost: clustering.localMemberHost,
        }),
        ports: memberPorts(config),
        properties: {
          ...clustering.properties,
          ...processProperties(),
          ...trust.properties,
          ...ofManager,
        },
      },
      // Loading the program blocks.
      prepare: () => loadParts(config.role),
      log,
      clock,
    });
    this.#cluster = this.#lifecycle.add("membership", cluster);
    trust.joined(cluster);
    const stability = clustering.stability && this.#awaitMembers(cluster, clustering.stability);
    return { cluster, ...(stability && { stability }) };
  }

  #awaitMembers(membership: Cluster, config: StabilityConfig): Stability {
    const { log, clock, stopping } = this.#options;
    const stability = new Stability({ membership, config, clock, log: log.child("Stability") });
    this.#stability = this.#lifecycle.add("stability", stability);
    void stopping?.then(() => stability.close());
    return stability;
  }

  async #startManager(publisher: DeploymentPublisher): Promise<void> {
    const { startManagerPart } = await import("./manager-part.ts");
    const manager = await startManagerPart({
      ...this.#options,
      ...(this.#trust && { trust: this.#trust }),
      publisher,
      cluster: this.#cluster,
      ...(this.#stability && { stability: this.#stability }),
      onDraining: () => this.#report(),
      ownStage: () => this.#worker?.stage,
      onDeployed: () => void this.#worker?.look(),
      ownTraces: (path) => this.#worker?.tracePage(path),
    });
    this.#manager = this.#lifecycle.add("manager", manager);
  }

  async #startWorker(
    publisher: DeploymentPublisher | undefined,
    joining: Promise<JoinedCluster> | undefined,
  ): Promise<void> {
    const { startWorkerPart } = await import("./worker-part.ts");
    const { identity, view } = this.#trust ?? {};
    const worker = await startWorkerPart({
      ...this.#options,
      ...(identity && { identity }),
      ...(view && { trust: view }),
      ...(joining && { joining }),
      members: () => this.#cluster?.members() ?? [],
      publisher,
      location: () => this.#repositoryLocation(),
      onChange: () => this.#report(),
    });
    this.#worker = this.#lifecycle.add("worker", worker);
    view?.onRepository(() => void worker.look());
    this.#report();
  }

  /** Where the configuration says, else where a manager's member record says; undefined until one has joined. */
  #repositoryLocation(): string | undefined {
    const { repository } = this.#options.config.depsync;
    if (repository.kind === "remote") return repository.url;
    const managers = this.#cluster?.members().filter(({ role }) => role === "manager") ?? [];
    return toldLocation(managers, this.#trust?.view);
  }

  /** A worker that listens but has no revision yet takes no traffic: it is still starting. */
  #shownState(): NodeState {
    const waits = this.#options.config.role === "worker" && this.#worker?.revision === undefined;
    if (this.#state !== "active") return this.#state;
    if (waits) return "starting";
    return this.#worker?.isDraining === true ? "draining" : "active";
  }

  #report(): void {
    const { config, onStatus } = this.#options;
    const self = this.#cluster?.self;
    const draining = this.#manager?.draining ?? [];
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
      ...clusterTrouble(this.#cluster, this.#trust),
      ...(draining.length > 0 && { draining }),
    });
  }
}

/** What Node has compiled is kept for the next start here already: a process that is killed keeps nothing. */
async function loadParts(role: NodeConfig["role"]): Promise<void> {
  if (role !== "worker") await import("./manager-part.ts");
  if (role !== "manager") await import("./worker-part.ts");
  flushCompileCache();
}

/** Where workers find the repository, and by which key they know the manager's revisions. */
async function managerProperties(
  config: NodeConfig,
  { location }: DeploymentPublisher,
): Promise<Member["properties"]> {
  const { signingKeyProperty } = await import("./manager-part.ts");
  return {
    [MEMBER_PROPERTIES.deploymentRepository]: location,
    [MEMBER_PROPERTIES.signingKey]: signingKeyProperty(config),
  };
}

/** Where the Hazelcast member beside this node has its folder, if there is one. */
function hazelcastSettings({ home, clustering }: NodeConfig): HazelcastSettings | undefined {
  const settings = clustering?.hazelcast;
  return settings && { ...settings, folder: join(home, "tmp", "hazelcast") };
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
