/**
 * The manager: the only node that changes anything. Opens the database, finishes what a killed predecessor left,
 * takes in files that are saved into the deployment folder, and serves the management API and the console. Started by
 * `bascule server` on a manager and on a node that stands alone; everything outside comes in by `ManagerOptions`.
 */
import type { Cluster } from "../cluster/cluster.ts";
import { READY, type Stability } from "../cluster/stability.ts";
import type { NodeConfig } from "../config/node-config.ts";
import { LiveIdentity } from "../net/tls/live-identity.ts";
import type { ServerIdentity } from "../net/tls/tls-files.ts";
import type { Log } from "../observability/log.ts";
import type { LogAnswer, LogService } from "../observability/log-service.ts";
import { type Closable, Lifecycle } from "../runtime/lifecycle.ts";
import type { ManagementServices } from "./api/management-services.ts";
import { ensureAdmin } from "./auth/admin-account.ts";
import { Authenticator } from "./auth/authenticator.ts";
import { Passwords } from "./auth/passwords.ts";
import { type Connectors, openConnectors } from "./connectors.ts";
import { Draining } from "./draining/draining.ts";
import { RemoteDoor } from "./draining/worker-door.ts";
import { watchFolder } from "./folder-watch.ts";
import { catchUp, makeCore, type ManagerCoreOptions } from "./manager-core.ts";
import { MembershipJournal } from "./membership-journal.ts";
import { nodeViews, type StandaloneNode } from "./node-view.ts";
import { isOwnOrigin, publicOrigin } from "./public-address.ts";
import { serveRepository } from "./pushes.ts";
import { NodeDirectory } from "./relay/node-directory.ts";
import { NodeRelay } from "./relay/node-relay.ts";
import { databaseFileOf } from "./store/datasource.ts";
import { openStore, setUpStore, type Store } from "./store/store.ts";
import { ManagerTrust, type OwnTrust } from "./trust/manager-trust.ts";

export interface ManagerOptions extends ManagerCoreOptions {
  readonly config: NodeConfig;
  readonly log: Log;
  /** The node's own log, for admins. */
  readonly logs: LogService;
  /** Traces of the worker in the same process, by path. Default: the node has no worker. */
  readonly ownTraces?: (path: string) => LogAnswer | undefined;
  /** Certificate and key of the https connectors; shown to the management ports of other nodes too. */
  readonly tls: ServerIdentity;
  /** The same where they are replaced while the manager runs. Default: `tls`, which stays. */
  readonly identity?: LiveIdentity;
  /** What makes the manager the cluster's authority. Default: it is none. */
  readonly trust?: OwnTrust | undefined;
  /** Tells which members the manager waits for. Default: none. */
  readonly stability?: Pick<Stability, "readiness">;
  /** Called when what `Manager.draining` says has changed. */
  readonly onDraining?: () => void;
  /** Default: scrypt at its full cost. */
  readonly passwords?: Passwords;
}

export interface Manager extends Closable {
  /** URLs without a path, for example "https://127.0.0.1:9443". */
  readonly addresses: readonly string[];
  /** Ports that are bound; the https one is the management port. */
  readonly ports: Connectors["ports"];
  /** Which workers drain or restart, a sentence each; empty: none. */
  readonly draining: readonly string[];
}

/**
 * Resolves when the API answers.
 * @throws AppError STORE_NOT_SET_UP, PORT_BUSY, CONFIG_INVALID, TLS_MATERIAL; what was started is closed again.
 */
export async function startManager(options: ManagerOptions): Promise<Manager> {
  const log = options.log.child("Manager");
  const lifecycle = new Lifecycle(options.clock, (sentence) => log.warn(sentence));
  try {
    return await startParts(options, lifecycle, log);
  } catch (error) {
    await lifecycle.close();
    throw error;
  }
}

async function startParts(
  options: ManagerOptions,
  lifecycle: Lifecycle,
  log: Log,
): Promise<Manager> {
  const { config, clock, folder } = options;
  const passwords = options.passwords ?? new Passwords();
  const store = lifecycle.add("database", await openManagerStore(options, passwords, log));
  const identity = options.identity ?? new LiveIdentity(options.tls);
  const shown = { name: config.name, identity, trust: options.trust?.view };
  const core = makeCore(options, store.journal, log, shown);
  lifecycle.add("deployments", core);
  await catchUp(options, core, log);
  if (folder) {
    lifecycle.add("saved files", core.files);
    lifecycle.add("deployment folder", await watchFolder(folder, core.files, { clock, log }));
  }
  const { users, journal } = store;
  const trust = options.trust && (await openTrust(options, options.trust, store, log));
  if (trust) lifecycle.add("trust", trust);
  const membership = new MembershipJournal(options.cluster, clock);
  lifecycle.add("membership journal", membership);
  const own: { connectors?: Connectors } = {};
  const directory = new NodeDirectory(options.cluster, config.name);
  const draining = openDraining(options, directory, identity, log);
  lifecycle.add("draining", draining);
  const services: ManagementServices = {
    authenticator: new Authenticator({ users, passwords, clock, log: log.child("Authenticator") }),
    users,
    journal,
    passwords,
    deployments: core.deployments,
    revisions: core.revisions,
    publisher: options.publisher,
    cluster: options.cluster,
    membership,
    nodes: () => nodeViews(options.cluster, itself(config, own.connectors, core.live.commit)),
    nodeDirectory: directory,
    draining,
    nodeRelay: new NodeRelay(identity, clock, options.trust?.view),
    trust,
    identity,
    repository: serveRepository(options, core, journal, log),
    logs: options.logs,
    ownTraces: options.ownTraces,
    isOwnOrigin: (origin, host) => isOwnOrigin(origin, config, host),
    isGateway: (address) => isGateway(options.cluster, address),
    readiness: () => options.stability?.readiness ?? READY,
    checkReady: async () => {
      await store.check();
      await options.publisher.live();
    },
    name: config.name,
    home: config.home,
    log: log.child("ManagementApi"),
    clock,
  };
  own.connectors = await openConnectors({ config, identity, clock, services });
  lifecycle.add("management API", own.connectors);
  // Ended first: the ports would wait for it.
  lifecycle.add("relay to nodes", services.nodeRelay);
  logConsoleUrl(config, own.connectors, log);
  core.watchMain();
  return runningManager(own.connectors, draining, lifecycle);
}

function runningManager(
  { addresses, ports }: Connectors,
  draining: Draining,
  lifecycle: Lifecycle,
): Manager {
  return {
    addresses,
    ports,
    get draining() {
      return draining.describe();
    },
    close: () => lifecycle.close(),
  };
}

function openDraining(
  { cluster, clock, config, trust, onDraining }: ManagerOptions,
  directory: NodeDirectory,
  identity: LiveIdentity,
  log: Log,
): Draining {
  return new Draining({
    cluster,
    directory,
    door: new RemoteDoor({ identity, trust: trust?.view, clock }),
    drainTimeMs: config.depsync.drainTimeMs,
    clock,
    log: log.child("Draining"),
    ...(onDraining && { onChange: onDraining }),
  });
}

async function openManagerStore(
  { config, clock }: ManagerOptions,
  passwords: Passwords,
  log: Log,
): Promise<Store> {
  const { home } = config;
  const place = { file: databaseFileOf(config), home, clock };
  if (!config.setup) return openStore(place);
  const store = await setUpStore({ ...place, onMigrated: (sentence) => log.info(sentence) });
  await ensureAdmin({ home, users: store.users, passwords, log });
  return store;
}

function openTrust(
  { cluster, clock }: ManagerOptions,
  own: OwnTrust,
  { trust: records }: Store,
  log: Log,
): Promise<ManagerTrust> {
  return ManagerTrust.open({ ...own, records, cluster, log: log.child("Trust"), clock });
}

function itself(
  config: NodeConfig,
  connectors: Connectors | undefined,
  revision: string | undefined,
): StandaloneNode {
  const [address = ""] = connectors?.addresses ?? [];
  const management = connectors?.ports.https;
  const services = Object.fromEntries(
    config.serviceListeners.map(({ scheme, port }) => [scheme, port]),
  );
  const ports = { ...services, ...(management !== undefined && { management }) };
  return { name: config.name, address: address.replace(/^https?:\/\//, ""), ports, revision };
}

function isGateway(cluster: Cluster | undefined, address: string): boolean {
  const members = cluster?.members() ?? [];
  return members.some(({ role, host }) => role === "gateway" && host === address);
}

/** WSO2's line. */
function logConsoleUrl(config: NodeConfig, { ports }: Connectors, log: Log): void {
  const connector = config.connectors.find(({ scheme }) => scheme === "https");
  if (!connector) return;
  const origin = publicOrigin(
    { ...connector, port: ports.https ?? connector.port },
    config,
    undefined,
  );
  log.info(`Mgt Console URL  : ${origin}/carbon/`);
}
