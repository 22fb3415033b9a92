/**
 * Transport, seal and codec of datagrams in one: takes and gives typed packets. Everything that does not
 * authenticate, came before or is malformed ends here and is counted; only members get through.
 */
import { type Address, formatAddress } from "../member-address.ts";
import type { Complaints } from "./complaints.ts";
import type { DatagramSeal } from "./datagram-seal.ts";
import { decodePacket, encodePacket } from "./packet-codec.ts";
import type { Packet } from "./packet.ts";
import type { Transport } from "./transport.ts";
import { Malformed } from "./wire-fields.ts";

export interface SealedLinkOptions {
  readonly transport: Transport;
  readonly seal: DatagramSeal;
  readonly ownId: string;
  readonly complaints: Complaints;
}

export class SealedLink {
  readonly #options: SealedLinkOptions;

  constructor(options: SealedLinkOptions) {
    this.#options = options;
  }

  send(packet: Packet, to: Address): void {
    this.#options.transport.send(this.#options.seal.seal(encodePacket(packet)), to);
  }

  /** Sets the one receiver: packets of other members, addressed to this one or to nobody. */
  receive(handler: (sender: string, packet: Packet, from: Address) => void): void {
    const { transport, ownId } = this.#options;
    transport.receive((bytes, from) => {
      const opened = this.#open(bytes, from);
      // Own datagrams come back when a well-known address is this node's under another name.
      if (!opened || opened.sender === ownId) return;
      const packet = this.#decode(opened.sender, opened.plain, from);
      if (!packet || ("to" in packet && packet.to !== ownId)) return;
      handler(opened.sender, packet, from);
    });
  }

  #open(bytes: Buffer, from: Address): { sender: string; plain: Buffer } | undefined {
    const opened = this.#options.seal.open(bytes);
    if (opened.kind === "opened") return opened;
    if (opened.kind === "foreign") {
      this.#options.complaints.add(
        "foreign",
        `dropped a datagram from ${formatAddress(from)} that does not authenticate: another domain, another groupPassword, or no member at all`,
      );
    }
    return undefined;
  }

  #decode(sender: string, plain: Buffer, from: Address): Packet | undefined {
    try {
      return decodePacket(plain);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      this.#options.complaints.add(
        "malformed",
        `dropped a malformed datagram from member [${sender}] at ${formatAddress(from)}: ${error.message}; does it run another version?`,
      );
      return undefined;
    }
  }
}
