/**
 * A port that speaks HTTP/1.1, plain or over TLS: accepts sockets, bounds their number, and gives each to a
 * ServerConnection. For services that need no nginx configuration (service ports of workers, inbound endpoints);
 * the gateway's listeners choose by address and configuration and are its own (gateway/http/listener.ts).
 */
import { createServer as createNetServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import { listen, portOf } from "../listen.ts";
import type { ServerIdentity } from "../tls/tls-files.ts";
import type { AcceptedConnection, ConnectionEnds, Receive } from "./accepted-connection.ts";
import type { ConnectionLimits } from "./connection-limits.ts";
import { ServerConnection } from "./server-connection.ts";
import type { ServerExchange, TlsFacts } from "./server-exchange.ts";
import type { SocketReads } from "./shared-reads.ts";
import type { TimerWheel } from "./timer-wheel.ts";

export interface HttpListenerOptions {
  readonly host: string;
  readonly port: number;
  /** Undefined: plain. */
  readonly tls: ServerIdentity | undefined;
  /** The time-outs of all connections. */
  readonly wheel: TimerWheel;
  /** How plain sockets are read. */
  readonly reads: SocketReads;
  readonly limits: ConnectionLimits;
  /** Most open connections; more are closed at once. */
  readonly connectionsMax: number;
  /** Takes a request, also one with a fault in its head; the response is its business. */
  readonly onRequest: (exchange: ServerExchange) => void;
  /** A connection or a handshake went wrong before there was a request. */
  readonly onFault: (sentence: string) => void;
}

export class HttpListener {
  readonly #options: HttpListenerOptions;
  readonly #server: Server;
  readonly #connections = new Set<ServerConnection>();
  /** TLS connections whose handshake is not over. */
  readonly #handshaking = new Set<Socket>();
  readonly #closed = Promise.withResolvers<void>();
  #connectionNumber = 0;
  #arrivals = 0;
  #leaving = false;
  #stopped = false;

  /** Binds and listens. @throws AppError PORT_BUSY, or the system's error. */
  static async start(options: HttpListenerOptions): Promise<HttpListener> {
    const listener = new HttpListener(options);
    await listen(listener.#server, options.port, options.host);
    if (!options.tls)
      options.reads.accept(listener.#server, (accepted) => listener.#take(accepted));
    listener.#server.on("error", (error) => options.onFault(`accept failed: ${error.message}`));
    return listener;
  }

  private constructor(options: HttpListenerOptions) {
    this.#options = options;
    this.#server = options.tls ? this.#tlsServer(options.tls) : plainServer();
  }

  /** The bound port. */
  get port(): number {
    return portOf(this.#server);
  }

  /** Connections and requests that have come so far: while it stands still, nobody calls here. */
  get arrivals(): number {
    return this.#arrivals;
  }

  /** Answers as before, and every response says that its connection closes: clients go elsewhere with the next request. */
  leave(): void {
    this.#leaving = true;
    for (const connection of this.#connections) connection.endWithResponse();
  }

  /** Accepts nothing more; idle connections close now, others after their response. Resolves when all are closed. */
  close(): Promise<void> {
    if (!this.#stopped) {
      this.#stopped = true;
      this.#server.close();
      for (const socket of this.#handshaking) socket.destroy();
      for (const connection of this.#connections) connection.retire();
      this.#tellClosed();
    }
    return this.#closed.promise;
  }

  /** Closes every connection now. */
  destroy(): void {
    void this.close();
    for (const connection of this.#connections) connection.destroy();
  }

  /** The server's own count is of no use: it misses sockets that were made anew around their handle. */
  #tellClosed(): void {
    if (this.#stopped && this.#connections.size === 0) this.#closed.resolve();
  }

  /** @returns whether there is room for another connection. */
  #admit(connection: Pick<AcceptedConnection, "destroy">): boolean {
    const { connectionsMax, onFault } = this.#options;
    this.#arrivals++;
    if (this.#connections.size + this.#handshaking.size < connectionsMax) return true;
    onFault(`there are ${connectionsMax} connections already: another one was closed`);
    connection.destroy();
    return false;
  }

  #take(accepted: AcceptedConnection): void {
    if (this.#admit(accepted))
      this.#serve(accepted, (receive) => accepted.open(receive), undefined);
  }

  #tlsServer(identity: ServerIdentity): Server {
    const { limits, onFault } = this.#options;
    const options = { ...identity, noDelay: true, handshakeTimeout: limits.headerTimeoutMs };
    const server = createTlsServer(options, (socket) => {
      this.#forgetHandshake(socket);
      this.#serve(socket, (receive) => socket.on("data", receive), tlsFactsOf(socket));
    });
    // The raw socket under the TLS connection; it is let go of when the handshake is over, or when it closes.
    server.prependListener("connection", (socket: Socket) => {
      if (!this.#admit(socket)) return;
      this.#handshaking.add(socket);
      socket.once("close", () => this.#handshaking.delete(socket));
    });
    server.on("tlsClientError", (error, socket) => {
      onFault(`TLS handshake failed: ${error.message}`);
      socket.destroy();
    });
    return server;
  }

  /** Both sides know the port that the client calls from. */
  #forgetHandshake(secure: TLSSocket): void {
    for (const raw of this.#handshaking) {
      const isSame =
        raw.remotePort === secure.remotePort && raw.remoteAddress === secure.remoteAddress;
      if (isSame) this.#handshaking.delete(raw);
    }
  }

  #serve(
    ends: ConnectionEnds,
    open: (receive: Receive) => Socket,
    tls: TlsFacts | undefined,
  ): void {
    const { wheel, limits, onRequest, onFault } = this.#options;
    const facts = {
      number: ++this.#connectionNumber,
      remoteAddress: ends.remoteAddress ?? "",
      remotePort: ends.remotePort ?? 0,
      localAddress: ends.localAddress ?? "",
      localPort: ends.localPort ?? 0,
      openedMs: wheel.nowMs(),
      tls,
    };
    const connection = new ServerConnection({
      open,
      wheel,
      slabs: this.#options.reads.slabs,
      limits: () => limits,
      facts,
      onRequest: (exchange) => {
        this.#arrivals++;
        onRequest(exchange);
      },
      onFault,
    });
    this.#connections.add(connection);
    connection.socket.once("close", () => {
      this.#connections.delete(connection);
      this.#tellClosed();
    });
    if (this.#leaving) connection.endWithResponse();
    if (this.#stopped) connection.retire();
  }
}

function plainServer(): Server {
  return createNetServer({ noDelay: true, allowHalfOpen: true, pauseOnConnect: true });
}

function tlsFactsOf(socket: TLSSocket): TlsFacts {
  const { servername } = socket as { readonly servername?: unknown };
  return {
    serverName: typeof servername === "string" ? servername : "",
    protocol: socket.getProtocol() ?? "",
    cipher: socket.getCipher().name,
    resumed: socket.isSessionReused(),
  };
}
