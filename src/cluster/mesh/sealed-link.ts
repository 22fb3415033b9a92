/**
 * Transport, seal and codec in one: takes and gives typed datagrams. Everything that does not
 * authenticate, came before or is malformed ends here and is counted; only members get through.
 */
import type { Log } from "../../observability/log.ts";
import type { Clock } from "../../runtime/clock.ts";
import { Complaints } from "./complaints.ts";
import { type Datagram, decodeDatagram, encodeDatagram } from "./datagram-codec.ts";
import type { DatagramSeal } from "./datagram-seal.ts";
import { type Address, type Transport, formatAddress } from "./transport.ts";
import { Malformed } from "./wire-fields.ts";

export interface SealedLinkOptions {
  readonly transport: Transport;
  readonly seal: DatagramSeal;
  readonly ownId: string;
  readonly clock: Clock;
  readonly log: Log;
}

export class SealedLink {
  readonly complaints: Complaints;
  readonly #options: SealedLinkOptions;

  constructor(options: SealedLinkOptions) {
    this.#options = options;
    this.complaints = new Complaints(options.clock, options.log);
  }

  send(datagram: Datagram, to: Address): void {
    this.#options.transport.send(this.#options.seal.seal(encodeDatagram(datagram)), to);
  }

  /** Sets the one receiver: datagrams of other members, addressed to this one or to nobody. */
  receive(handler: (sender: string, datagram: Datagram) => void): void {
    const { transport, ownId } = this.#options;
    transport.receive((bytes, from) => {
      const opened = this.#open(bytes, from);
      // Own datagrams come back when a well-known address is this node's under another name.
      if (!opened || opened.sender === ownId) return;
      const datagram = this.#decode(opened.sender, opened.plain, from);
      if (!datagram || ("to" in datagram && datagram.to !== ownId)) return;
      handler(opened.sender, datagram);
    });
  }

  close(): Promise<void> {
    return this.#options.transport.close();
  }

  #open(bytes: Buffer, from: Address): { sender: string; plain: Buffer } | undefined {
    const opened = this.#options.seal.open(bytes);
    if (opened.kind === "opened") return opened;
    if (opened.kind === "foreign") {
      this.complaints.add(
        "foreign",
        `dropped a datagram from ${formatAddress(from)} that does not authenticate: another domain, another groupPassword, or no member at all`,
      );
    }
    return undefined;
  }

  #decode(sender: string, plain: Buffer, from: Address): Datagram | undefined {
    try {
      return decodeDatagram(sender, plain);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      this.complaints.add(
        "malformed",
        `dropped a malformed datagram from member [${sender}] at ${formatAddress(from)}: ${error.message}; does it run another version?`,
      );
      return undefined;
    }
  }
}
