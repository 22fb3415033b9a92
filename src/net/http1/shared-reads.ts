/**
 * Sockets that read into one buffer of the process instead of a fresh one for every read: allocation is what
 * a read costs most (docs/performance.md). Node offers that (`onread`) for sockets it connects itself; an accepted
 * socket is made again around its handle, which is the one undocumented step, `_handle`. Where that is not
 * to be had, reads arrive as plain "data" events: slower, else the same. Nothing else touches handles.
 */
import { once } from "node:events";
import {
  connect,
  createServer,
  type NetConnectOpts,
  Socket,
  type SocketConstructorOpts,
} from "node:net";

/** Larger reads mean fewer calls for large bodies. Shared by all sockets: a read is used up before the next. */
const BUFFER_BYTES = 256 * 1024;

/** Takes what was received. `chunk` is overwritten after the call: what is kept must be copied. */
export type Receive = (chunk: Buffer) => void;

/** How sockets are read: `shared` once the self-test has passed. */
export class SocketReads {
  readonly #buffer: Buffer | undefined;

  private constructor(buffer: Buffer | undefined) {
    this.#buffer = buffer;
  }

  /** Every read has a buffer of its own. */
  static plain(): SocketReads {
    return new SocketReads(undefined);
  }

  /** Tries the shared buffer on a connection to itself; without success reads are plain. */
  static async probe(): Promise<SocketReads> {
    const reads = new SocketReads(Buffer.allocUnsafeSlow(BUFFER_BYTES));
    return (await works(reads)) ? reads : SocketReads.plain();
  }

  /** The socket to use for a connection that a server with `pauseOnConnect` accepted; reading starts. */
  adopt(accepted: Socket, receive: Receive): Socket {
    const buffer = this.#buffer;
    const handle = buffer && handleOf(accepted);
    if (!buffer || !handle) {
      accepted.on("data", receive);
      accepted.resume();
      return accepted;
    }
    const { allowHalfOpen } = accepted;
    const options = { handle, allowHalfOpen, onread: intoBuffer(buffer, receive) };
    return new Socket(options as SocketConstructorOpts);
  }

  /** A socket that is being connected. */
  connect(options: NetConnectOpts, receive: Receive): Socket {
    const buffer = this.#buffer;
    if (buffer) return connect({ ...options, onread: intoBuffer(buffer, receive) });
    const socket = connect(options);
    socket.on("data", receive);
    return socket;
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

/** The native side of a socket. */
function handleOf(socket: Socket): object | undefined {
  const { _handle: handle } = socket as { readonly _handle?: unknown };
  return typeof handle === "object" && handle !== null ? handle : undefined;
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
    server.once("connection", (accepted) => {
      const socket = reads.adopt(accepted, (chunk) => socket.write(Buffer.from(chunk)));
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
