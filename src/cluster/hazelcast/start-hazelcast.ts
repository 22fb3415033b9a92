/**
 * Starts the Hazelcast provider: takes the cluster port, starts the Hazelcast member beside this node where a command is
 * given, connects, and goes on without a cluster when none answers in time. Log lines that WSO2 has are WSO2's.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "../../errors/app-error.ts";
import type { Log } from "../../observability/log.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Cluster } from "../cluster.ts";
import type { RegisteredMembers } from "../lease.ts";
import { type Address, formatAddress } from "../member-address.ts";
import type { ClusterSecrets } from "../secrets.ts";
import { type SelfDescription, selfRecord } from "../self-record.ts";
import { deriveGroupKey } from "../swim/group-key.ts";
import { commandWords } from "./command-words.ts";
import { HazelcastCluster } from "./hazelcast-cluster.ts";
import { START_MS_MAX, START_WITH_MEMBER_MS_MAX } from "./hazelcast-timing.ts";
import { takeMemberPort } from "./member-port.ts";
import { MemberSupervisor } from "./member-supervisor.ts";
import { memberXml } from "./member-xml.ts";
import type { Store } from "./store.ts";
import type { StoreOptions } from "./hazelcast-store.ts";
import { ValueSeal } from "./value-seal.ts";

/** How a node reaches Hazelcast. */
export interface HazelcastSettings {
  /** Hazelcast members; empty: those of axis2.xml's `<members>`, and the own one where there is a command. */
  readonly members: readonly Address[];
  /** Starts a Hazelcast member; `{config}` in it stands for the XML file. Undefined: none is started. */
  readonly command: string | undefined;
  /** For the XML file and as the working folder of the member; made where it is missing. */
  readonly folder: string;
}

export interface HazelcastOptions {
  readonly settings: HazelcastSettings;
  /** The name of the Hazelcast cluster, as in WSO2. */
  readonly domain: string;
  readonly local: Address;
  /** The well-known members. */
  readonly wellKnown: readonly Address[];
  /** Undefined: values are keyed by the domain's name alone. */
  readonly secrets: ClusterSecrets | undefined;
  readonly self: SelfDescription;
  readonly registered: RegisteredMembers;
  /** Prefix of all names in the store. Default: "bascule". */
  readonly namespace?: string;
  readonly openStore: (options: StoreOptions) => Promise<Store>;
  /** The environment that the Hazelcast member gets a few harmless variables of. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  readonly clock: Clock;
  /** Makes UUIDs. */
  readonly newId: () => string;
}

/** Resolves when the first view is there, or without one after a while. @throws AppError CLUSTER_START, CLUSTER_LIMIT. */
export async function startHazelcast(options: HazelcastOptions): Promise<Cluster> {
  const { domain, log, secrets, settings } = options;
  log.info(`Cluster domain: ${domain}`);
  log.info("Using wka based membership management scheme");
  const seal = new ValueSeal(await groupKeys(domain, secrets?.all));
  const port = await takeMemberPort(options.local, log);
  const local = { host: options.local.host, port: port.port };
  const closables: { close(): Promise<void> }[] = [];
  try {
    const addresses = addressesOf(options, local);
    if (settings.command === undefined) closables.push(port);
    else {
      await port.close();
      closables.push(startMember(settings.command, local, options));
    }
    const cluster = await connect({ ...options, local }, addresses, seal);
    const unwatch = secrets?.onChange(async (all) => seal.rotate(await groupKeys(domain, all)));
    return closingWith(cluster, closables, () => unwatch?.());
  } catch (error) {
    await Promise.all([port, ...closables].map((part) => part.close()));
    throw error;
  }
}

async function connect(
  options: HazelcastOptions,
  addresses: readonly Address[],
  seal: ValueSeal,
): Promise<HazelcastCluster> {
  const { domain, log, clock, settings } = options;
  const self = selfRecord({ ...options, address: options.local });
  const store = await options.openStore({
    clusterName: domain,
    addresses,
    clientName: self.name,
    log,
    clock,
  });
  try {
    const cluster = new HazelcastCluster({
      ...options,
      self,
      store,
      seal,
      clusterName: domain,
      places: placesOf(addresses),
      namespace: options.namespace ?? "bascule",
    });
    log.info(`Local member: [${self.id}] - Host:${self.host}, Port:${self.port}`);
    await cluster.start(settings.command === undefined ? START_MS_MAX : START_WITH_MEMBER_MS_MAX);
    if (store.isConnected) log.info("Cluster initialization completed");
    return cluster;
  } catch (error) {
    await store.close();
    throw error;
  }
}

function groupKeys(domain: string, secrets: readonly string[] | undefined): Promise<Buffer[]> {
  return Promise.all((secrets ?? [undefined]).map((secret) => deriveGroupKey(domain, secret)));
}

/** @throws AppError CLUSTER_START when there is no address at all. */
function addressesOf(
  { settings, wellKnown }: HazelcastOptions,
  local: Address,
): readonly Address[] {
  const own = settings.command === undefined ? [] : [local];
  const others = settings.members.length > 0 ? settings.members : wellKnown;
  const byText = new Map([...own, ...others].map((address) => [formatAddress(address), address]));
  if (byText.size > 0) return [...byText.values()];
  throw new AppError(
    "CLUSTER_START",
    'the membership provider "hazelcast" has no address to connect to: list Hazelcast members in the parameter hazelcastMembers of axis2.xml ("10.0.0.1:5701, 10.0.0.2-9:5701"), or set hazelcastCommand',
    { side: "config" },
  );
}

/** The first addresses, for people. */
function placesOf(addresses: readonly Address[]): string {
  const shown = addresses.slice(0, 5).map(formatAddress).join(", ");
  return addresses.length > 5 ? `${shown} and ${addresses.length - 5} more` : shown;
}

function startMember(
  command: string,
  local: Address,
  { settings, domain, wellKnown, environment, log, clock }: HazelcastOptions,
): MemberSupervisor {
  const { folder } = settings;
  const file = join(folder, "hazelcast.xml");
  const words = commandWords(command, file);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(file, memberXml({ clusterName: domain, local, members: wellKnown }), {
    mode: 0o600,
  });
  const supervisor = new MemberSupervisor({
    words,
    folder,
    environment,
    log: log.child("HazelcastMember"),
    clock,
  });
  supervisor.start();
  return supervisor;
}

/** The cluster, which closes the other parts after itself. */
function closingWith(
  cluster: HazelcastCluster,
  parts: readonly { close(): Promise<void> }[],
  before: () => void,
): Cluster {
  const close = cluster.close.bind(cluster);
  let closing: Promise<void> | undefined;
  const closeAll = async (): Promise<void> => {
    before();
    await close();
    await Promise.all(parts.map((part) => part.close()));
  };
  return Object.assign(cluster, { close: () => (closing ??= closeAll()) });
}
