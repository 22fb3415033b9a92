/**
 * Which node a name of /carbon/nodes/NAME means: this manager itself, or a live member with the address and the
 * certificate of its management port, both from membership and from nowhere else. Members that have left are remembered
 * for a while, so that an admin is told "it has gone" rather than "there is none".
 */
import type { Cluster, Member } from "../../cluster/cluster.ts";
import { MEMBER_PROPERTIES } from "../../cluster/member-properties.ts";
import { AppError } from "../../errors/app-error.ts";
import { joinAddress } from "../node-view.ts";

/** Names of departed members that are remembered; the oldest is forgotten. */
const DEPARTED_MAX = 100;

export type FoundNode =
  | { readonly kind: "itself" }
  | {
      readonly kind: "member";
      readonly name: string;
      readonly host: string;
      readonly port: number;
      /** Of the certificate that its management port must show. */
      readonly fingerprint: string;
    };

export class NodeDirectory {
  readonly #cluster: Cluster | undefined;
  readonly #ownName: string;
  readonly #departed = new Set<string>();

  /** @param ownName counts where clustering is off. */
  constructor(cluster: Cluster | undefined, ownName: string) {
    this.#cluster = cluster;
    this.#ownName = ownName;
    cluster?.on("left", (member) => this.#remember(member));
  }

  /**
   * @param name a node's name, or its cluster address "host:port", which is never shared.
   * @throws AppError RESOURCE_UNKNOWN (no such node, or one without a management port), REQUEST_INVALID (the name is
   * shared), NODE_UNREACHABLE (it has left).
   */
  find(name: string): FoundNode {
    if (!this.#cluster) {
      if (name === this.#ownName) return { kind: "itself" };
      throw this.#unknown(name);
    }
    const members = this.#cluster.members();
    const found = members.filter((member) => member.name === name || addressOf(member) === name);
    const [first, second] = found;
    if (!first) throw this.#unknown(name);
    if (second) throw shared(name, found);
    return first.id === this.#cluster.self.id ? { kind: "itself" } : managed(first);
  }

  #remember(member: Member): void {
    for (const name of [member.name, addressOf(member)]) {
      this.#departed.delete(name);
      this.#departed.add(name);
    }
    for (const oldest of this.#departed) {
      if (this.#departed.size <= DEPARTED_MAX) return;
      this.#departed.delete(oldest);
    }
  }

  #unknown(name: string): AppError {
    if (this.#departed.has(name))
      return unreachable(`${name} has left the cluster; its log is in repository/logs of its home`);
    return unknown(`there is no node ${name}`);
  }
}

function managed(member: Member): FoundNode {
  const { name, role, host, ports, properties } = member;
  if (role !== "worker" || ports.management === undefined)
    throw unknown(`${name} is a ${role} without a management port for other nodes`);
  const fingerprint = properties[MEMBER_PROPERTIES.managementCertificate];
  if (fingerprint === undefined)
    throw unreachable(`${name} does not tell its certificate: bring it to this version`);
  return { kind: "member", name, host, port: ports.management, fingerprint };
}

function addressOf({ host, port }: Member): string {
  return joinAddress(host, port);
}

function shared(name: string, members: readonly Member[]): AppError {
  const addresses = members.map(addressOf).join(", ");
  const message = `${members.length} nodes are called ${name}; name one by its cluster address: ${addresses}`;
  return new AppError("REQUEST_INVALID", message, { side: "downstream" });
}

function unknown(message: string): AppError {
  return new AppError("RESOURCE_UNKNOWN", message, { side: "downstream" });
}

function unreachable(message: string): AppError {
  return new AppError("NODE_UNREACHABLE", message, { side: "peer", retryable: true });
}
