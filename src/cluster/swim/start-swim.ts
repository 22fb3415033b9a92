/**
 * Starts the embedded provider: binds the port, greets the well-known members. Gives membership, and the messenger that
 * replicated maps and leases are built on. Its log lines are WSO2's, word for word, because people and scripts look for them.
 */
import type { Log } from "../../observability/log.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Member, Membership } from "../cluster.ts";
import type { Address } from "../member-address.ts";
import type { PeerMessenger } from "../peer-messenger.ts";
import { type SelfDescription, selfRecord } from "../self-record.ts";
import { bindMemberPort } from "./bind-member-port.ts";
import { Complaints } from "./complaints.ts";
import { DatagramSeal } from "./datagram-seal.ts";
import type { Keyring } from "./keyring.ts";
import type { SwimPort } from "./packet.ts";
import type { Random } from "./random.ts";
import { checkRecord } from "./record-codec.ts";
import { SealedLink } from "./sealed-link.ts";
import { StreamHost } from "./stream-host.ts";
import { SwimCluster } from "./swim-cluster.ts";
import { DEFAULT_TIMING, type SwimTiming } from "./swim-timing.ts";
import type { BindTransport, Transport } from "./transport.ts";

export interface SwimOptions {
  readonly domain: string;
  /** Advertised and bound; a taken port moves on unless `isStrict`. */
  readonly local: Address & { readonly isStrict?: boolean };
  readonly wellKnown: readonly Address[];
  /** From `followSecrets`. */
  readonly keyring: Keyring;
  /** Default: DEFAULT_TIMING. */
  readonly timing?: Partial<SwimTiming>;
  readonly self: SelfDescription;
  /** Why a member may not take part; undefined: it may. Default: all may. */
  readonly refusal?: (member: Member) => string | undefined;
  readonly bind: BindTransport;
  readonly log: Log;
  readonly clock: Clock;
  /** Default: Math.random. Chooses whom to ask and tell; no secret depends on it. */
  readonly random?: Random;
  /** Makes UUIDs: the member's id and those of its messages. */
  readonly newId: () => string;
}

/** The embedded provider at work. Closing the membership closes the messenger. */
export interface Swim {
  readonly membership: Membership;
  readonly messenger: PeerMessenger;
  /** Asks `refusal` again of all members. */
  recheck(): void;
}

/** Resolves when the well-known members were greeted. @throws AppError CLUSTER_START, CLUSTER_LIMIT. */
export async function startSwim(options: SwimOptions): Promise<Swim> {
  const { domain, log } = options;
  log.info(`Cluster domain: ${domain}`);
  log.info("Using wka based membership management scheme");
  const transport = await bindMemberPort(options.bind, options.local, log);
  try {
    const address = { host: options.local.host, port: transport.port };
    const self = selfRecord({ ...options, address });
    checkRecord(self);
    log.info(`Local member: [${self.id}] - Host:${self.host}, Port:${self.port}`);
    const { cluster, host } = makeCluster(options, self, transport);
    await cluster.start();
    log.info("Cluster initialization completed");
    return {
      membership: cluster,
      messenger: host.messenger,
      recheck: () => cluster.recheck(),
    };
  } catch (error) {
    await transport.close();
    throw error;
  }
}

function makeCluster(options: SwimOptions, self: Member, transport: Transport) {
  const { domain, keyring, wellKnown, log, clock, newId, refusal } = options;
  const complaints = new Complaints(clock, log);
  const seal = new DatagramSeal(keyring, domain, self.id);
  const link = new SealedLink({ transport, seal, ownId: self.id, complaints });
  const port: SwimPort = {
    send: (packet, to) => link.send(packet, to),
    exchange: (to, own) => host.exchange(to, own),
  };
  const cluster = new SwimCluster({
    self,
    wellKnown,
    timing: { ...DEFAULT_TIMING, ...options.timing },
    port,
    complaints,
    log,
    clock,
    random: options.random ?? Math.random,
    newId,
    ...(refusal ? { refusal } : {}),
    closePort: async () => {
      host.close();
      await transport.close();
    },
  });
  const host = new StreamHost({
    transport,
    keyring,
    ownId: self.id,
    domain,
    complaints,
    clock,
    memberOf: (id) => cluster.find(id),
    exchanged: (sender, claims) => cluster.exchange(sender, claims),
  });
  cluster.on("left", ({ id }) => host.messenger.forget(id));
  link.receive((sender, packet, from) => cluster.receive(sender, packet, from));
  return { cluster, host };
}
