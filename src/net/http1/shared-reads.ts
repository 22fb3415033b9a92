/**
 * Sockets that read into one buffer of the process instead of a fresh one for every read: allocation is what
 * a read costs most (docs/performance.md). Node offers that (`onread`) for sockets it connects itself; an accepted
 * socket is made around its handle, which is taken from the server before node:net makes a socket of its own: the
 * undocumented steps are `_handle` and `onconnection`. Where they are not to be had, reads arrive as plain "data"
 * events: slower, else the same. Nothing else touches handles.
 */
import { once } from "node:events";
import {
  connect,
  createServer,
  type NetConnectOpts,
  type Server,
  Socket,
  type SocketConstructorOpts,
} from "node:net";
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from "node:tls";
import { SendSlabs } from "./send-slabs.ts";
import { type AcceptedConnection, AcceptedSocket, type Receive } from "./accepted-connection.ts";

/** Larger reads mean fewer calls for large bodies. Shared by all sockets: a read is used up before the next. */
const BUFFER_BYTES = 256 * 1024;

/** How sockets are read: `shared` once the self-test has passed. */
export class SocketReads {
  /** For what was read and is written on. */
  readonly slabs = new SendSlabs();
  readonly #buffer: Buffer | undefined;

  private constructor(buffer: Buffer | undefined) {
    this.#buffer = buffer;
  }

  /** Every read has a buffer of its own. */
  static plain(): SocketReads {
    return new SocketReads(undefined);
  }

  /** For those who only connect: that needs nothing undocumented, and so no test. */
  static connecting(): SocketReads {
    return new SocketReads(Buffer.allocUnsafeSlow(BUFFER_BYTES));
  }

  /** Tries the shared buffer on a connection to itself; without success reads are plain. */
  static async probe(): Promise<SocketReads> {
    const reads = new SocketReads(Buffer.allocUnsafeSlow(BUFFER_BYTES));
    return (await works(reads)) ? reads : SocketReads.plain();
  }

  /**
   * Gives every connection that the server accepts from now on to `take`. The server listens, has no other
   * "connection" listener, and was made with `pauseOnConnect`, `allowHalfOpen` and `noDelay`; it does not count these connections.
   */
  accept(server: Server, take: (accepted: AcceptedConnection) => void): void {
    server.on("connection", (socket) => take(new AcceptedSocket(socket)));
    const buffer = this.#buffer;
    const listening = buffer && handleOf(server);
    if (!buffer || !isListening(listening)) return;
    const { onconnection } = listening;
    listening.onconnection = function (status, client) {
      if (isAddressed(client)) take(new AcceptedHandle(client, buffer));
      else onconnection.call(this, status, client);
    };
  }

  /** A socket that is being connected. */
  connect(options: NetConnectOpts, receive: Receive): Socket {
    const buffer = this.#buffer;
    if (buffer) return connect({ ...options, onread: intoBuffer(buffer, receive) });
    const socket = connect(options);
    socket.on("data", receive);
    return socket;
  }

  /** The same over TLS; "secureConnect" tells that it stands. */
  connectTls(options: ConnectionOptions, receive: Receive): TLSSocket {
    const buffer = this.#buffer;
    if (buffer) {
      // node:tls hands it on to the socket; its types do not say so.
      const reading = { ...options, onread: intoBuffer(buffer, receive) };
      return connectTls(reading);
    }
    const socket = connectTls(options);
    socket.on("data", receive);
    return socket;
  }
}

/** Accepted by the native side: a socket is made once, for the reads that it will have. */
class AcceptedHandle implements AcceptedConnection {
  readonly #handle: AddressedHandle;
  readonly #buffer: Buffer;
  #remote: Place | undefined;
  #local: Place | undefined;

  constructor(handle: AddressedHandle, buffer: Buffer) {
    this.#handle = handle;
    this.#buffer = buffer;
  }

  get remoteAddress(): string | undefined {
    return this.#askRemote().address;
  }

  get remotePort(): number | undefined {
    return this.#askRemote().port;
  }

  get localAddress(): string | undefined {
    return this.#askLocal().address;
  }

  get localPort(): number | undefined {
    return this.#askLocal().port;
  }

  open(receive: Receive): Socket {
    return this.#socket({ onread: intoBuffer(this.#buffer, receive) });
  }

  asStream(): Socket {
    return this.#socket({});
  }

  destroy(): void {
    this.#handle.close();
  }

  #socket(reads: { readonly onread?: ReturnType<typeof intoBuffer> }): Socket {
    const handle: object = this.#handle;
    const options = { handle, allowHalfOpen: true, ...reads };
    return new Socket(options as SocketConstructorOpts).setNoDelay(true);
  }

  #askRemote(): Place {
    if (!this.#remote) this.#handle.getpeername?.((this.#remote = {}));
    return this.#remote ?? NOWHERE;
  }

  #askLocal(): Place {
    if (!this.#local) this.#handle.getsockname?.((this.#local = {}));
    return this.#local ?? NOWHERE;
  }
}

function intoBuffer(buffer: Buffer, receive: Receive) {
  return {
    buffer,
    callback(bytes: number): boolean {
      receive(buffer.subarray(0, bytes));
      return true;
    },
  };
}

/** The native side of a socket or a server. */
function handleOf(socket: Socket | Server): object | undefined {
  const { _handle: handle } = socket as { readonly _handle?: unknown };
  return typeof handle === "object" && handle !== null ? handle : undefined;
}

interface Place {
  address?: string;
  port?: number;
}

const NOWHERE: Place = {};

/** Of a connection; those of Unix sockets have no addresses. */
interface AddressedHandle {
  close(): void;
  getpeername?(place: Place): void;
  getsockname?(place: Place): void;
}

interface ListeningHandle {
  /** Without `client` the status tells why. */
  onconnection: (this: unknown, status: unknown, client: unknown) => void;
}

function isAddressed(handle: unknown): handle is AddressedHandle {
  return typeof handle === "object" && handle !== null && "close" in handle;
}

function isListening(handle: object | undefined): handle is ListeningHandle {
  return (
    handle !== undefined && "onconnection" in handle && typeof handle.onconnection === "function"
  );
}

/**
 * Bytes that the system has not taken yet, down to parts of one write where the native side tells; it
 * shows that a slow receiver still takes something.
 */
export function unsentBytes(socket: Socket): number {
  const handle = handleOf(socket);
  const queued = handle && "writeQueueSize" in handle ? handle.writeQueueSize : undefined;
  return typeof queued === "number" ? queued : socket.writableLength;
}

/** A byte there and a byte back, over an adopted and a connected socket. */
async function works(reads: SocketReads): Promise<boolean> {
  const server = createServer({ pauseOnConnect: true });
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), 1_000);
  const sockets: Socket[] = [];
  try {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") return false;
    reads.accept(server, (accepted) => {
      const socket = accepted.open((chunk) => socket.write(Buffer.from(chunk)));
      sockets.push(socket);
    });
    const client = reads.connect({ host: "127.0.0.1", port: address.port }, (chunk) =>
      resolve(chunk.toString("latin1") === "?"),
    );
    client.once("error", () => resolve(false));
    sockets.push(client);
    client.write("?");
    return await promise;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}
