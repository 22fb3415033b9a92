/** Starts membership: chooses the provider and returns the port. The only way in for the layers above. */
import { randomUUID } from "node:crypto";
import type { Log } from "../observability/log.ts";
import { type Clock, sleep } from "../runtime/clock.ts";
import type { Cluster, Membership } from "./cluster.ts";
import { deriveGroupKey } from "./swim/group-key.ts";
import { followSecrets, Keyring } from "./swim/keyring.ts";
import { startSwim, type Swim } from "./swim/start-swim.ts";
import type { SwimTiming } from "./swim/swim-timing.ts";
import { udpBinder } from "./swim/udp-transport.ts";
import type { HazelcastSettings } from "./hazelcast/start-hazelcast.ts";
import type { RegisteredMembers } from "./lease.ts";
import type { MemberRefusals } from "./member-refusals.ts";
import { ReplicatingCluster } from "./replicating-cluster.ts";
import { ClusterSecrets, secretsOf } from "./secrets.ts";
import type { SelfDescription } from "./self-record.ts";

export interface ClusterOptions {
  readonly provider: "embedded" | "hazelcast";
  readonly domain: string;
  /** Advertised and bound address of this node's cluster port. */
  readonly localMemberHost: string;
  /** First port to try; the next free one is taken when it is busy, and the log says so. */
  readonly localMemberPort: number;
  /** Addresses that are contacted for ever; may contain this node's own. */
  readonly members: readonly { readonly host: string; readonly port: number }[];
  /** Keys the traffic; undefined: keyed by the domain alone, with a warning. Never logged. */
  readonly groupPassword: string | undefined;
  /** The same secrets while they change; wins over `groupPassword`, which holds those of the start, one a line. */
  readonly secrets?: ClusterSecrets;
  readonly self: SelfDescription;
  /** Who may not take part any more; the embedded provider reports them left as "refused". Default: nobody is refused. */
  readonly refusals?: MemberRefusals;
  /** Whose majority grants leases. Default: undefined, the largest view seen. */
  readonly registeredMembers?: RegisteredMembers;
  /** Settings of the embedded provider. Default: those of `swim-timing.ts`. */
  readonly swim?: SwimSettings;
  /** Settings of the Hazelcast provider. */
  readonly hazelcast?: HazelcastSettings | undefined;
  /** Called before the node takes part: whatever would keep it from answering heartbeats belongs here. Default: nothing. */
  readonly prepare?: () => Promise<unknown>;
  readonly log: Log;
  readonly clock: Clock;
}

export interface SwimSettings {
  readonly timing?: Partial<SwimTiming>;
  /** A taken localMemberPort ends the start instead of moving on. Default: false. */
  readonly isPortStrict?: boolean;
  /** Does not wait for others at the start: it is the one that others wait for. Default: false. */
  readonly isSeed?: boolean;
  /** The others wait so long before they start to take part. Default: 0. */
  readonly seedWaitMs?: number;
}

/**
 * Resolves when the cluster port is bound and the well-known members have been greeted once.
 * @throws AppError CLUSTER_START; CLUSTER_LIMIT when the properties of `self` are too large.
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { provider, domain, groupPassword, secrets, clock } = options;
  if (provider === "hazelcast") return startOverHazelcast(options);
  const log = options.log.child("SwimClusteringAgent");
  if (groupPassword === undefined && secrets === undefined) {
    log.warn(
      `no groupPassword is set: anyone who can reach the cluster port and knows the domain's name "${domain}" can take part; set groupPassword in axis2.xml`,
    );
  }
  const { membership, messenger } = await startEmbedded(options, log);
  return new ReplicatingCluster({
    membership,
    messenger,
    registered: options.registeredMembers,
    clock,
    log,
    random: Math.random,
  });
}

/** Its library is loaded only where it is used. */
async function startOverHazelcast(options: ClusterOptions): Promise<Cluster> {
  const { domain, groupPassword, localMemberHost: host, localMemberPort: port } = options;
  await options.prepare?.();
  const { startHazelcast } = await import("./hazelcast/start-hazelcast.ts");
  const { openHazelcastStore } = await import("./hazelcast/hazelcast-store.ts");
  const log = options.log.child("HazelcastClusteringAgent");
  const given = groupPassword === undefined ? undefined : secretsOf(groupPassword);
  const secrets = options.secrets ?? (given && new ClusterSecrets(given));
  if (!secrets) {
    log.warn(
      `no groupPassword is set: anyone who can reach the Hazelcast cluster and knows its name "${domain}" can take part; set groupPassword in axis2.xml`,
    );
  }
  return startHazelcast({
    ...options,
    settings: options.hazelcast ?? { members: [], command: undefined, folder: "" },
    local: { host, port },
    wellKnown: options.members,
    secrets,
    registered: options.registeredMembers,
    openStore: openHazelcastStore,
    environment: process.env,
    log,
    newId: randomUUID,
  });
}

async function startEmbedded(options: ClusterOptions, log: Log): Promise<Swim> {
  const { domain, members, self, clock, swim, refusals } = options;
  const [{ keyring, stop }] = await Promise.all([keyringOf(options, log), options.prepare?.()]);
  try {
    if (!swim?.isSeed && swim?.seedWaitMs) await sleep(clock, swim.seedWaitMs);
    const started = await startSwim({
      domain,
      local: {
        host: options.localMemberHost,
        port: options.localMemberPort,
        isStrict: swim?.isPortStrict ?? false,
      },
      wellKnown: members,
      keyring,
      timing: { ...swim?.timing, ...(swim?.isSeed ? { joinTimeoutMs: 0 } : {}) },
      self,
      ...(refusals && { refusal: (member) => refusals.reason(member) }),
      bind: udpBinder(clock, log),
      log,
      clock,
      newId: randomUUID,
    });
    const unwatch = refusals?.onChange(() => started.recheck());
    const stopAll = (): void => {
      stop();
      unwatch?.();
    };
    return { ...started, membership: closingWith(started.membership, stopAll) };
  } catch (error) {
    stop();
    throw error;
  }
}

async function keyringOf(options: ClusterOptions, log: Log) {
  const { domain, groupPassword, secrets } = options;
  if (secrets) return followSecrets(domain, secrets, log);
  if (groupPassword !== undefined)
    return followSecrets(domain, new ClusterSecrets(secretsOf(groupPassword)), log);
  return { keyring: new Keyring([await deriveGroupKey(domain, undefined)]), stop: () => {} };
}

/** Secrets and refusals are followed until the membership closes. */
function closingWith(membership: Membership, stop: () => void): Membership {
  const close = membership.close.bind(membership);
  membership.close = () => {
    stop();
    return close();
  };
  return membership;
}
