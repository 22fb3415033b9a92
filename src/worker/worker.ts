/**
 * A worker: service ports, the generation that they are answered by, and a management port where a manager deploys to it
 * and drains it, and nobody else changes anything. It takes traffic (member state "active") once it listens and runs a first revision. In a
 * standalone node the manager of the same process owns the management port.
 */
import { type Cluster, type ClusterMessage, type Member } from "../cluster/cluster.ts";
import { SYNCHRONIZE_TOPIC } from "../cluster/member-properties.ts";
import { READY, type Stability } from "../cluster/stability.ts";
import type { NodeConfig } from "../config/node-config.ts";
import type { AddressPrefixes } from "../mediation/engine.ts";
import { EngineCompiler } from "../mediation/engine-compiler.ts";
import { JobMemory } from "../mediation/jobs/job-memory.ts";
import { EndpointStates } from "../mediation/endpoints/endpoint-states.ts";
import { TraceRing } from "../mediation/trace/trace-ring.ts";
import { HttpClient } from "../net/http-client.ts";
import type { LiveIdentity } from "../net/tls/live-identity.ts";
import type { TrustView } from "../net/trust/trust-view.ts";
import type { Log } from "../observability/log.ts";
import type { LogService } from "../observability/log-service.ts";
import type { Clock } from "../runtime/clock.ts";
import { type Closable, Lifecycle } from "../runtime/lifecycle.ts";
import { createEndpointCaller } from "./endpoint-caller.ts";
import { SocketReads } from "../net/http1/shared-reads.ts";
import { type DrainAnswer, DRAIN_PATHS, readDrainOrder } from "./drain-order.ts";
import type { RevisionStage } from "../depsync/barrier/revision-stage.ts";
import { type Change, ChangeDoor } from "./change-door.ts";
import { ClusterLease } from "./cluster-lease.ts";
import { deploymentChanges } from "./deployment-changes.ts";
import type { Generation } from "./generation-maker.ts";
import { GenerationHandover } from "./generation-handover.ts";
import { InboundPorts } from "./inbound-ports.ts";
import { LogDoor } from "./log-door.ts";
import { ManagementListener, type WorkerView } from "./management-listener.ts";
import { managerCheck } from "./manager-door.ts";
import { MessagesInFlight } from "./messages-in-flight.ts";
import { type NodeEnding, NodeDraining } from "./node-draining.ts";
import { outgoingOptions } from "./outgoing-options.ts";
import { TraceDoor, type TraceAnswer, tracePage } from "./trace-door.ts";
import { RevisionFollower } from "./revision-follower.ts";
import type { RevisionSource } from "./revision-source.ts";
import { SqlPools } from "./sql/sql-pools.ts";
import { ServiceListener } from "./service-listener.ts";
import { TellingEngine } from "./told-revision.ts";
import { untilUnused } from "./unused-ports.ts";

export interface WorkerOptions {
  readonly config: NodeConfig;
  readonly source: RevisionSource;
  /** The node's place in its cluster, once it has joined: the last good revision is made ready meanwhile. Default: clustering is off. */
  readonly joining?: Promise<JoinedCluster>;
  readonly log: Log;
  /** The node's own log, for the manager. */
  readonly logs: LogService;
  readonly clock: Clock;
  /** Called after each switch to another revision and after start. */
  readonly onChange: (worker: Worker) => void;
  /** Of the management port, where it is replaced while the worker runs. Default: that of the connector's files. */
  readonly identity?: LiveIdentity;
  /** What a registered node knows of its cluster. Default: it is not registered, membership alone tells managers. */
  readonly trust?: Pick<TrustView, "material" | "isManager" | "isExpelled">;
  /** Ends the process once it is drained. Default: it can only be drained. */
  readonly ending?: NodeEnding;
}

/** What a worker has of the membership of its node. */
export interface JoinedCluster {
  readonly cluster: Cluster;
  /** Whether the node may open its service ports. Default: it need not wait. */
  readonly stability?: Pick<Stability, "untilOpen" | "readiness">;
}

/**
 * Between "I am leaving" and the end of listening at least: gateways must have heard of it, or they run into
 * closed ports. Longer makes stops slower; 0 leaves it to the gateways' next try.
 */
const DRAIN_NOTICE_MS = 600;
/** The same of a worker that a manager has drained: nobody waits for its end, and a busy gateway may hear late. */
const DRAINED_NOTICE_MS = 2_000;

export class Worker implements Closable {
  readonly #options: WorkerOptions;
  readonly #client: HttpClient;
  readonly #traces: TraceRing;
  readonly #inFlight: MessagesInFlight;
  readonly #inboundPorts: InboundPorts;
  readonly #handover: GenerationHandover;
  /** Undefined: clustering is off, this node does every job. */
  readonly #lease: ClusterLease | undefined;
  readonly #sql: SqlPools;
  readonly #follower: RevisionFollower;
  readonly #draining: NodeDraining;
  readonly #lifecycle: Lifecycle;
  /** Undefined: clustering is off, or the node has not joined yet. */
  #joined: JoinedCluster | undefined;
  /** Answers service requests: that of the current generation. */
  #engine: TellingEngine | undefined;
  #listening = false;
  readonly #services: ServiceListener[] = [];

  private constructor(options: WorkerOptions) {
    const { config, log, clock } = options;
    this.#options = options;
    this.#client = new HttpClient(outgoingOptions(config.transport));
    this.#inFlight = new MessagesInFlight(config.transport?.messagesInFlightMax);
    this.#traces = new TraceRing(clock);
    this.#lifecycle = new Lifecycle(clock, (sentence) => log.warn(sentence));
    this.#inboundPorts = new InboundPorts({
      config,
      addressPrefixes: addressPrefixes(config),
      inFlight: this.#inFlight,
      log: log.child("InboundEndpoint"),
    });
    this.#handover = new GenerationHandover({
      log,
      clock,
      afterSwitch: () => this.#inboundPorts.closeFree(),
    });
    const cluster = (): Cluster | undefined => this.#joined?.cluster;
    this.#lease = options.joining && new ClusterLease({ cluster, log: log.child("JobLease") });
    this.#sql = new SqlPools({
      home: config.home,
      datasources: config.datasources,
      ownDatasource: config.registry.datasource,
      clock,
    });
    const engineOptions = {
      log,
      sql: this.#sql,
      callEndpoint: createEndpointCaller(this.#client),
      bodyBytesMax: config.transport?.messageBytesMax,
      systemProperties: config.properties,
      serverName: config.properties["SynapseConfig.ServerName"] ?? config.serverName,
      serverRoles: config.serverRoles,
      jobMemory: new JobMemory(),
      inboundDoors: this.#inboundPorts,
      ...(this.#lease ? { lease: this.#lease } : {}),
      endpointStates: new EndpointStates(),
      traces: this.#traces,
    };
    this.#follower = this.#makeFollower(new EngineCompiler(engineOptions));
    this.#draining = new NodeDraining({
      ending: options.ending,
      onChange: () => this.#publish(),
      log: log.child("Draining"),
      clock,
    });
  }

  /** Starts on the last good or the newest revision, then listens. @throws AppError PORT_BUSY, TLS_MATERIAL. */
  static async start(options: WorkerOptions): Promise<Worker> {
    const worker = new Worker(options);
    try {
      await worker.#start();
    } catch (error) {
      await worker.#lifecycle.close();
      throw error;
    }
    return worker;
  }

  get revision(): string | undefined {
    return this.#follower.current?.revision;
  }

  /** The page at a path of the traces, for the manager of the same process. */
  tracePage(path: string): TraceAnswer {
    return tracePage(this.#traces, path);
  }

  /** The worker's part in a deploy, for the manager of the same process. */
  get stage(): RevisionStage {
    return this.#follower;
  }

  /** Whether it takes no new sessions. */
  get isDraining(): boolean {
    return this.#draining.isDraining;
  }

  /** Looks at the source now; resolves when the look is over, whatever it found. */
  look(): Promise<void> {
    return this.#follower.look();
  }

  async close(): Promise<void> {
    const { clock } = this.#options;
    const cluster = this.#joined?.cluster;
    const wasListening = this.#listening;
    const noticeMs = this.isDraining ? DRAINED_NOTICE_MS : DRAIN_NOTICE_MS;
    this.#draining.close();
    // A switch during the stop must not say "active" again.
    this.#listening = false;
    if (cluster && wasListening) {
      // Not "draining": bound sessions have to go elsewhere too before the ports close.
      cluster.update({ state: "leaving" });
      this.#lease?.refresh();
      for (const listener of this.#services) listener.leave();
      await untilUnused(this.#services, clock, noticeMs);
    }
    await this.#lifecycle.close();
  }

  async #start(): Promise<void> {
    const { config, joining } = this.#options;
    this.#lifecycle.add("outgoing connections", this.#client);
    this.#lifecycle.add("database connections", this.#sql);
    this.#lifecycle.add("inbound endpoints", this.#inboundPorts);
    this.#lifecycle.add("deployment synchronizer", this.#follower);
    if (this.#lease) this.#lifecycle.add("job lease", this.#lease);
    this.#lifecycle.add("jobs", this.#handover);
    await this.#follower.start(joining?.then((joined) => this.#enter(joined)));
    if (config.role === "worker") await this.#openManagement();
    // False: the node was stopped while it waited.
    if ((await this.#joined?.stability?.untilOpen()) === false) return;
    await this.#openServices();
    await this.#handover.begin();
    this.#listening = true;
    this.#publish();
  }

  #enter(joined: JoinedCluster): void {
    this.#joined = joined;
    joined.cluster.on("message", (message) => this.#onMessage(message));
    joined.cluster.on("joined", (member) => this.#onJoined(member));
  }

  #makeFollower(compiler: EngineCompiler): RevisionFollower {
    const { config, source, log, clock } = this.#options;
    return new RevisionFollower({
      source,
      log: log.child("DeploymentSynchronizer"),
      clock,
      // Each tick is a look, however many messages are lost: what "mandatory" asks for is the upper bound.
      tickMs: Math.min(config.deploymentUpdateIntervalMs, config.depsync.mandatoryUpdateIntervalMs),
      compile: (files, signal) => compiler.compileSliced(files, signal),
      onSwitch: (generation) => this.#onSwitch(generation),
    });
  }

  async #openServices(): Promise<void> {
    const { config, log } = this.#options;
    const currentEngine = () => this.#engine;
    const inFlight = this.#inFlight;
    const reads = await SocketReads.probe();
    for (const listener of config.serviceListeners) {
      const options = {
        config: listener,
        addressPrefixes: addressPrefixes(config),
        currentEngine,
        log: log.child("PassThrough"),
        inFlight,
        reads,
      };
      const service = await ServiceListener.start(options);
      this.#services.push(this.#lifecycle.add(`${listener.scheme} listener`, service));
    }
  }

  async #openManagement(): Promise<void> {
    const { config, logs, identity, trust } = this.#options;
    const isManager = managerCheck({ cluster: this.#joined?.cluster, trust });
    const traces = new TraceDoor(this.#traces, isManager);
    const parts = {
      view: () => this.#view(),
      logs: new LogDoor(logs, isManager),
      traces,
      changes: new ChangeDoor(this.#changes(), isManager),
      identity,
    };
    for (const connector of config.connectors.filter(({ scheme }) => scheme === "https")) {
      const listener = await ManagementListener.start(connector, parts);
      this.#lifecycle.add("management listener", listener);
    }
  }

  /** What a manager may change. */
  #changes(): Readonly<Record<string, Change>> {
    return {
      ...deploymentChanges(this.#follower),
      [DRAIN_PATHS.drain]: {
        method: "POST",
        run: (body) => {
          this.#draining.drain(readDrainOrder(body));
          return this.#drainAnswer();
        },
      },
      [DRAIN_PATHS.resume]: {
        method: "POST",
        run: () => {
          this.#draining.resume();
          return this.#drainAnswer();
        },
      },
    };
  }

  #drainAnswer(): DrainAnswer {
    return this.#draining.answer(this.#isServing ? "active" : "joining");
  }

  /** Listens and runs a revision. */
  get #isServing(): boolean {
    return this.#listening && this.revision !== undefined;
  }

  #onSwitch(generation: Generation): void {
    this.#engine = new TellingEngine(generation);
    this.#handover.switchTo(generation.engine);
    if (this.#listening) this.#publish();
  }

  /** Tells the cluster and the parent process. A worker without any revision stays "joining". */
  #publish(): void {
    const { revision } = this;
    const state = this.isDraining ? "draining" : this.#isServing ? "active" : undefined;
    this.#joined?.cluster.update({ revision, ...(state && { state }) });
    this.#lease?.refresh();
    this.#options.onChange(this);
  }

  #onMessage(message: ClusterMessage): void {
    if (message.topic !== SYNCHRONIZE_TOPIC) return;
    const { tenantId, tenantDomain, commit } = message.body;
    this.#options.log
      .child("SynchronizeRepositoryRequest")
      .info(
        `Received [SynchronizeRepositoryRequest{tenantId=${tenantId}, tenantDomain='${tenantDomain}', messageId=${message.id}}]`,
      );
    // After a deploy in which this worker took part it asks for what is there already.
    if (commit === undefined || commit !== this.revision) this.#follower.lookSoon();
  }

  /** The manager that has just joined may know where the repository is, or have made another revision live. */
  #onJoined(member: Member): void {
    if (member.role === "manager") this.#follower.lookSoon();
  }

  #view(): WorkerView {
    const { config, trust } = this.#options;
    const { cluster, stability } = this.#joined ?? {};
    const manager = cluster?.members().find((member) => member.role === "manager");
    return {
      name: config.name,
      revision: this.revision,
      draining: this.isDraining,
      removed: trust?.isExpelled ?? false,
      readiness: stability?.readiness ?? READY,
      artifacts: this.#follower.current?.engine.artifacts ?? [],
      refused: this.#follower.refused,
      managerUrl: manager?.properties["mgtConsoleURL"],
    };
  }
}

/** WSDLEPRPrefix of each listener, or carbon.xml's HostName with its port. */
function addressPrefixes({ serviceListeners, hostName }: NodeConfig): AddressPrefixes {
  return Object.fromEntries(
    serviceListeners.map(({ scheme, port, wsdlEprPrefix }) => [
      scheme,
      wsdlEprPrefix ?? `${scheme}://${hostName}:${port}`,
    ]),
  );
}
