/**
 * A worker: service ports, the generation that they are answered by, and a management port that changes
 * nothing. It takes traffic (member state "active") once it listens and runs a first revision. In a
 * standalone node the manager of the same process owns the management port.
 */
import { type Cluster, type ClusterMessage, type Member } from "../cluster/cluster.ts";
import { MEMBER_PROPERTIES, SYNCHRONIZE_TOPIC } from "../cluster/member-properties.ts";
import type { NodeConfig } from "../config/node-config.ts";
import type { AddressPrefixes } from "../mediation/engine.ts";
import { compileEngine } from "../mediation/compile-engine.ts";
import { HttpClient } from "../net/http-client.ts";
import type { Log } from "../observability/log.ts";
import type { LogService } from "../observability/log-service.ts";
import { type Clock, sleep } from "../runtime/clock.ts";
import { type Closable, Lifecycle } from "../runtime/lifecycle.ts";
import { createEndpointCaller } from "./endpoint-caller.ts";
import { LogDoor } from "./log-door.ts";
import { ManagementListener, type WorkerView } from "./management-listener.ts";
import { RevisionFollower } from "./revision-follower.ts";
import type { RevisionSource } from "./revision-source.ts";
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
  /** Called after each switch to another revision and after start. */
  readonly onChange: (worker: Worker) => void;
}

/**
 * Between "I am draining" and the end of listening: gateways must have heard of it, or they run into
 * closed ports. Longer makes stops slower; 0 leaves it to the gateways' next try.
 */
const DRAIN_NOTICE_MS = 600;

export class Worker implements Closable {
  readonly #options: WorkerOptions;
  readonly #client = new HttpClient();
  readonly #follower: RevisionFollower;
  readonly #lifecycle: Lifecycle;
  #listening = false;

  private constructor(options: WorkerOptions) {
    const { config, source, log, clock } = options;
    this.#options = options;
    this.#lifecycle = new Lifecycle(clock, (sentence) => log.warn(sentence));
    const engineOptions = {
      log,
      callEndpoint: createEndpointCaller(this.#client),
      systemProperties: config.properties,
    };
    this.#follower = new RevisionFollower({
      source,
      log: log.child("DeploymentSynchronizer"),
      clock,
      tickMs: config.deploymentUpdateIntervalMs,
      compile: (files) => compileEngine(files, engineOptions),
      onSwitch: () => this.#onSwitch(),
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
      await sleep(clock, DRAIN_NOTICE_MS);
    }
    await this.#lifecycle.close();
  }

  async #start(): Promise<void> {
    const { config, cluster, log, logs } = this.#options;
    const currentEngine = () => this.#follower.current?.engine;
    this.#lifecycle.add("outgoing connections", this.#client);
    this.#lifecycle.add("deployment synchronizer", this.#follower);
    cluster?.on("message", (message) => this.#onMessage(message));
    cluster?.on("joined", (member) => this.#onJoined(member));
    await this.#follower.start();
    for (const listener of config.serviceListeners) {
      const options = {
        config: listener,
        addressPrefixes: addressPrefixes(config),
        currentEngine,
        log: log.child("PassThrough"),
      };
      this.#lifecycle.add(`${listener.scheme} listener`, await ServiceListener.start(options));
    }
    if (config.role === "worker") {
      const door = new LogDoor(logs, (fingerprint) => this.#isManager(fingerprint));
      const parts = { view: () => this.#view(), logs: door };
      for (const connector of config.connectors.filter(({ scheme }) => scheme === "https")) {
        const listener = await ManagementListener.start(connector, parts);
        this.#lifecycle.add("management listener", listener);
      }
    }
    this.#listening = true;
    this.#publish();
  }

  #onSwitch(): void {
    if (this.#listening) this.#publish();
  }

  /** Tells the cluster and the parent process. A worker without any revision stays "joining". */
  #publish(): void {
    const revision = this.#follower.current?.revision;
    this.#options.cluster?.update({
      revision,
      ...(revision === undefined ? {} : { state: "active" }),
    });
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

  /** Whether a live manager tells that certificate through membership, which is sealed with the cluster's secret. */
  #isManager(fingerprint: string): boolean {
    const members = this.#options.cluster?.members() ?? [];
    return members.some(
      ({ role, properties }) =>
        role === "manager" && properties[MEMBER_PROPERTIES.managementCertificate] === fingerprint,
    );
  }

  #view(): WorkerView {
    const { config, cluster } = this.#options;
    const manager = cluster?.members().find((member) => member.role === "manager");
    return {
      name: config.name,
      revision: this.revision,
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
