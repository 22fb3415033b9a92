/**
 * What the mesh needs of a network: datagrams that may be lost, repeated or reordered.
 * `udp-transport.ts` is the real one; tests bring one that lives in memory.
 */

/** Where a member is reached: name or IP address, and port. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

export type DatagramHandler = (datagram: Buffer, from: Address) => void;

export interface Transport {
  /** The port that was bound. */
  readonly port: number;
  /** Sends without waiting; what cannot be sent is lost silently. */
  send(datagram: Buffer, to: Address): void;
  /** Sets the one receiver. Datagrams before it are lost. */
  receive(handler: DatagramHandler): void;
  close(): Promise<void>;
}

/** Binds an address; port 0 takes any free one. Rejects with the system's error (code EADDRINUSE when taken). */
export type BindTransport = (address: Address) => Promise<Transport>;

/** "host:port", the key and the printed form of an address. */
export function formatAddress(address: Address): string {
  return `${address.host}:${address.port}`;
}
