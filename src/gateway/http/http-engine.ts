/**
 * The connections of one listening address: ends TLS with the certificate that SNI asks for, tells plain HTTP on
 * a TLS port apart by its first byte, and gives each connection to the HTTP/1.1 engine of net/http1.
 * `configure` changes what it does with the next handshake and the next request.
 */
import type { Socket } from "node:net";
import {
  createServer as createTlsServer,
  type SecureContext,
  type Server,
  TLSSocket,
} from "node:tls";
import type { HeadFault } from "../../net/http1/request-head.ts";
import { ServerConnection } from "../../net/http1/server-connection.ts";
import type { TlsFacts } from "../../net/http1/server-exchange.ts";
import type { AddressConfig } from "../gateway-config.ts";
import type { ListenerServices } from "./listener.ts";
import { connectionLimits } from "./modules/connection.ts";

/** First byte of a TLS record that holds a handshake. */
const TLS_HANDSHAKE = 0x16;

const PLAIN_ON_TLS: HeadFault = {
  status: 497,
  sentence: "client sent plain HTTP request to HTTPS port while reading client request headers",
};

export class HttpEngine {
  #address: AddressConfig;
  readonly #services: ListenerServices;
  #secure: Server | undefined;
  #stopped = false;
  readonly #connections = new Set<ServerConnection>();
  /** Connections of which not a byte has come, on TLS ports. */
  readonly #silent = new Set<Socket>();

  constructor(address: AddressConfig, services: ListenerServices) {
    this.#address = address;
    this.#services = services;
    this.configure(address);
  }

  configure(address: AddressConfig): void {
    this.#address = address;
    const { tls } = address.defaultServer;
    if (!address.tls || !tls) return;
    this.#secure ??= this.#createSecure();
    this.#secure.setSecureContext({
      cert: [...tls.certificates],
      key: [...tls.keys],
      minVersion: tls.versionMin,
      maxVersion: tls.versionMax,
      ...(tls.ciphers === undefined ? {} : { ciphers: tls.ciphers }),
    });
  }

  /** An accepted connection. */
  take(socket: Socket, tls: boolean): void {
    if (!tls) return this.#serve(socket);
    // Only plain HTTP lets a client close its side first and still read the response.
    socket.allowHalfOpen = false;
    if (this.#secure) this.#awaitFirstByte(socket, this.#secure);
    else socket.destroy();
  }

  /** Idle connections close now, others after their response. */
  stop(): void {
    this.#stopped = true;
    for (const connection of this.#connections) connection.retire();
    for (const socket of this.#silent) socket.destroy();
  }

  #awaitFirstByte(socket: Socket, secure: Server): void {
    const deadline = this.#services.wheel.deadline(() => socket.destroy());
    deadline.set(this.#address.defaultServer.location.settings.core.headerTimeoutMs);
    this.#silent.add(socket);
    socket.once("close", () => {
      deadline.clear();
      this.#silent.delete(socket);
    });
    socket.once("readable", () => {
      const first: Buffer | null = socket.read();
      deadline.clear();
      this.#silent.delete(socket);
      if (first === null) return;
      socket.unshift(first);
      if (first[0] !== TLS_HANDSHAKE) {
        this.#serve(socket, PLAIN_ON_TLS);
        return;
      }
      secure.emit("connection", socket);
    });
  }

  #createSecure(): Server {
    const secure = createTlsServer({
      handshakeTimeout: this.#address.defaultServer.location.settings.core.headerTimeoutMs,
      SNICallback: (name, done) => done(null, this.#contextFor(name)),
    });
    secure.on("tlsClientError", (error, socket) => {
      this.#services.onClientFault(
        `SSL_do_handshake() failed (${error.message}) while SSL handshaking`,
      );
      socket.destroy();
    });
    secure.on("secureConnection", (socket) => this.#serve(socket));
    return secure;
  }

  /** The certificate of the server that SNI names; without one, the default server's. */
  #contextFor(name: string): SecureContext | undefined {
    const match = this.#address.names.find(name.toLowerCase());
    return (match?.server.tls ?? this.#address.defaultServer.tls)?.context;
  }

  #serve(socket: Socket, refusal?: HeadFault): void {
    const connection = new ServerConnection({
      socket,
      wheel: this.#services.wheel,
      limits: () => connectionLimits(this.#address.defaultServer.location.settings),
      facts: {
        number: this.#services.nextConnectionNumber(),
        remoteAddress: socket.remoteAddress ?? "",
        remotePort: socket.remotePort ?? 0,
        localAddress: socket.localAddress ?? "",
        localPort: socket.localPort ?? 0,
        tls: socket instanceof TLSSocket ? tlsFactsOf(socket) : undefined,
      },
      onRequest: (exchange) => this.#services.onExchange(exchange, this.#address),
      onFault: this.#services.onClientFault,
      ...(refusal === undefined ? {} : { refusal }),
    });
    this.#connections.add(connection);
    socket.once("close", () => this.#connections.delete(connection));
    if (this.#stopped) connection.retire();
  }
}

function tlsFactsOf(socket: TLSSocket): TlsFacts {
  const { servername } = socket as { servername?: string | false };
  return {
    serverName: typeof servername === "string" ? servername : "",
    protocol: socket.getProtocol() ?? "",
    cipher: socket.getCipher().name,
    resumed: socket.isSessionReused(),
  };
}
