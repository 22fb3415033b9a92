/**
 * A worker: service ports, the generation that they are answered by, and a management port that changes
 * nothing. It takes traffic (member state "active") once it listens and runs a first revision. In a
 * standalone node the manager of the same process owns the management port.
 */
import type { X509Certificate } from "node:crypto";
import { type Cluster, type ClusterMessage, type Member } from "../cluster/cluster.ts";
import { MEMBER_PROPERTIES, SYNCHRONIZE_TOPIC } from "../cluster/member-properties.ts";
import { READY, type Stability } from "../cluster/stability.ts";
import type { NodeConfig } from "../config/node-config.ts";
import type { AddressPrefixes, Engine } from "../mediation/engine.ts";
import { compileEngine } from "../mediation/compile-engine.ts";
import { JobMemory } from "../mediation/jobs/job-memory.ts";
import { EndpointStates } from "../mediation/endpoints/endpoint-states.ts";
import { TraceRing } from "../mediation/trace/trace-ring.ts";
import { HttpClient } from "../net/http-client.ts";
import type { LiveIdentity } from "../net/tls/live-identity.ts";
import type { TrustView } from "../net/trust/trust-view.ts";
import type { Log } from "../observability/log.ts";
import type { LogService } from "../observability/log-service.ts";
import { type Clock, sleep } from "../runtime/clock.ts";
import { type Closable, Lifecycle } from "../runtime/lifecycle.ts";
import { createEndpointCaller } from "./endpoint-caller.ts";
import { SocketReads } from "../net/http1/shared-reads.ts";
import { ClusterLease } from "./cluster-lease.ts";
import { GenerationHandover } from "./generation-handover.ts";
import { InboundPorts } from "./inbound-ports.ts";
import { LogDoor } from "./log-door.ts";
import { ManagementListener, type WorkerView } from "./management-listener.ts";
import { MessagesInFlight } from "./messages-in-flight.ts";
import { outgoingOptions } from "./outgoing-options.ts";
import { TraceDoor, type TraceAnswer, tracePage } from "./trace-door.ts";
import { RevisionFollower } from "./revision-follower.ts";
import type { RevisionSource } from "./revision-source.ts";
import { SqlPools } from "./sql/sql-pools.ts";
import { ServiceListener } from "./service-listener.ts";

export interface WorkerOptions {
  readonly config: NodeConfig;
  readonly source: RevisionSource;
  /** Undefined: clustering is off. */
  readonly cluster: Cluster | undefined;
  readonly log: Log;
  /** The node's own log, for the manager. */
  readonly logs: LogService;
  readonly clock: Clock;
  /** Whether the node may open its service ports. Default: it need not wait. */
  readonly stability?: Pick<Stability, "untilOpen" | "readiness">;
  /** Called after each switch to another revision and after start. */
  readonly onChange: (worker: Worker) => void;
  /** Of the management port, where it is replaced while the worker runs. Default: that of the connector's files. */
  readonly identity?: LiveIdentity;
  /** Certificates of the cluster's internal authority. Default: there is none, membership alone tells certificates. */
  readonly trust?: Pick<TrustView, "isRevoked" | "certified">;
}

/**
 * Between "I am draining" and the end of listening: gateways must have heard of it, or they run into
 * closed ports. Longer makes stops slower; 0 leaves it to the gateways' next try.
 */
const DRAIN_NOTICE_MS = 600;

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
  readonly #lifecycle: Lifecycle;
  #listening = false;

  private constructor(options: WorkerOptions) {
    const { config, source, log, clock } = options;
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
      afterSwitch: () => this.#inboundPorts.closeFree(),
    });
    const { cluster } = options;
    this.#lease = cluster && new ClusterLease({ cluster, log: log.child("JobLease") });
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
      jobMemory: new JobMemory(),
      inboundDoors: this.#inboundPorts,
      ...(this.#lease ? { lease: this.#lease } : {}),
      endpointStates: new EndpointStates(),
      traces: this.#traces,
    };
    this.#follower = new RevisionFollower({
      source,
      log: log.child("DeploymentSynchronizer"),
      clock,
      tickMs: config.deploymentUpdateIntervalMs,
      compile: (files) => compileEngine(files, engineOptions),
      onSwitch: ({ engine }) => this.#onSwitch(engine),
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

  /** Looks at the source now; resolves when the look is over, whatever it found. */
  look(): Promise<void> {
    return this.#follower.look();
  }

  async close(): Promise<void> {
    const { cluster, clock } = this.#options;
    const wasListening = this.#listening;
    // A switch during the stop must not say "active" again.
    this.#listening = false;
    if (cluster && wasListening) {
      cluster.update({ state: "draining" });
      this.#lease?.refresh();
      await sleep(clock, DRAIN_NOTICE_MS);
    }
    await this.#lifecycle.close();
  }

  async #start(): Promise<void> {
    const { config, cluster } = this.#options;
    this.#lifecycle.add("outgoing connections", this.#client);
    this.#lifecycle.add("database connections", this.#sql);
    this.#lifecycle.add("inbound endpoints", this.#inboundPorts);
    this.#lifecycle.add("deployment synchronizer", this.#follower);
    if (this.#lease) this.#lifecycle.add("job lease", this.#lease);
    this.#lifecycle.add("jobs", this.#handover);
    cluster?.on("message", (message) => this.#onMessage(message));
    cluster?.on("joined", (member) => this.#onJoined(member));
    await this.#follower.start();
    if (config.role === "worker") await this.#openManagement();
    // False: the node was stopped while it waited.
    if ((await this.#options.stability?.untilOpen()) === false) return;
    await this.#openServices();
    await this.#handover.begin();
    this.#listening = true;
    this.#publish();
  }

  async #openServices(): Promise<void> {
    const { config, log } = this.#options;
    const currentEngine = () => this.#follower.current?.engine;
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
      this.#lifecycle.add(`${listener.scheme} listener`, await ServiceListener.start(options));
    }
  }

  async #openManagement(): Promise<void> {
    const { config, logs, identity } = this.#options;
    const isManager = (fingerprint: string, certificate: X509Certificate): boolean =>
      this.#isManager(fingerprint, certificate);
    const traces = new TraceDoor(this.#traces, isManager);
    const parts = {
      view: () => this.#view(),
      logs: new LogDoor(logs, isManager),
      traces,
      identity,
    };
    for (const connector of config.connectors.filter(({ scheme }) => scheme === "https")) {
      const listener = await ManagementListener.start(connector, parts);
      this.#lifecycle.add("management listener", listener);
    }
  }

  #onSwitch(engine: Engine): void {
    this.#handover.switchTo(engine);
    if (this.#listening) this.#publish();
  }

  /** Tells the cluster and the parent process. A worker without any revision stays "joining". */
  #publish(): void {
    const revision = this.#follower.current?.revision;
    this.#options.cluster?.update({
      revision,
      ...(revision === undefined ? {} : { state: "active" }),
    });
    this.#lease?.refresh();
    this.#options.onChange(this);
  }

  #onMessage(message: ClusterMessage): void {
    if (message.topic !== SYNCHRONIZE_TOPIC) return;
    const { tenantId, tenantDomain } = message.body;
    this.#options.log
      .child("SynchronizeRepositoryRequest")
      .info(
        `Received [SynchronizeRepositoryRequest{tenantId=${tenantId}, tenantDomain='${tenantDomain}', messageId=${message.id}}]`,
      );
    void this.#follower.look();
  }

  /** The manager that has just joined may know where the repository is, or have made another revision live. */
  #onJoined(member: Member): void {
    if (member.role === "manager") void this.#follower.look();
  }

  /** Whether the internal authority made it for a manager, or a live one tells it through membership, which is sealed with the cluster's secret. */
  #isManager(fingerprint: string, certificate: X509Certificate): boolean {
    const { cluster, trust } = this.#options;
    if (trust?.isRevoked(fingerprint) ?? false) return false;
    if (trust?.certified(certificate)?.role === "manager") return true;
    const members = cluster?.members() ?? [];
    return members.some(
      ({ role, properties }) =>
        role === "manager" && properties[MEMBER_PROPERTIES.managementCertificate] === fingerprint,
    );
  }

  #view(): WorkerView {
    const { config, cluster, stability } = this.#options;
    const manager = cluster?.members().find((member) => member.role === "manager");
    return {
      name: config.name,
      revision: this.revision,
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
