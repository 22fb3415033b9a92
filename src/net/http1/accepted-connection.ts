/**
 * A connection that a listener was given, before anybody has decided how it is read: by the HTTP/1.1 engine at once, or as
 * a stream for TLS and the PROXY protocol. Here as node:net makes it; shared-reads.ts has the one without a socket yet.
 */
import type { Socket } from "node:net";

/** Takes what was received. `chunk` is overwritten after the call: what is kept must be copied. */
export type Receive = (chunk: Buffer) => void;

/** The addresses of a connection; a Unix socket has none. */
export interface ConnectionEnds {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
}

/** A connection of which nothing has been read. */
export interface AcceptedConnection extends ConnectionEnds {
  /** The socket, which reads from now on. */
  open(receive: Receive): Socket;
  /** The socket for whoever reads it as a stream. */
  asStream(): Socket;
  destroy(): void;
}

/** Accepted by node:net. */
export class AcceptedSocket implements AcceptedConnection {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }

  get remotePort(): number | undefined {
    return this.#socket.remotePort;
  }

  get localAddress(): string | undefined {
    return this.#socket.localAddress;
  }

  get localPort(): number | undefined {
    return this.#socket.localPort;
  }

  open(receive: Receive): Socket {
    return this.#socket.on("data", receive).resume();
  }

  asStream(): Socket {
    return this.#socket;
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
