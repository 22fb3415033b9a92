/**
 * What the embedded provider needs of a network: datagrams that may be lost, repeated or reordered, and streams. Both are
 * bound to one address. `udp-transport.ts` and `tcp-transport.ts` are the real ones; tests bring ones that live in memory.
 */
import type { Duplex } from "node:stream";
import type { Address } from "../member-address.ts";

export type DatagramHandler = (datagram: Buffer, from: Address) => void;

export interface Transport {
  /** The port that was bound. */
  readonly port: number;
  /** Sends without waiting; what cannot be sent is lost silently. */
  send(datagram: Buffer, to: Address): void;
  /** Sets the one receiver. Datagrams before it are lost. */
  receive(handler: DatagramHandler): void;
  /** Opens a stream to a member; it errors when nobody is there. */
  connect(to: Address): Duplex;
  /** Sets the one acceptor of streams. Streams before it are refused. */
  accept(handler: (stream: Duplex, from: Address) => void): void;
  close(): Promise<void>;
}

/** Binds an address; port 0 takes any free one. Rejects with the system's error (code EADDRINUSE when taken). */
export type BindTransport = (address: Address) => Promise<Transport>;
