/**
 * Ends the TLS of one listening address: the certificate by SNI, the client's certificate where a server asks for it,
 * sessions. Handshakes that fail are told; the others become sockets with what is known of the client.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { constants } from "node:crypto";
import type { Socket } from "node:net";
import {
  createServer as createTlsServer,
  type SecureContext,
  type Server,
  type TLSSocket,
} from "node:tls";
import type { AddressConfig } from "../gateway-config.ts";
import { offeredCiphers } from "./client-hello.ts";
import { ClientTls, serverNameOf } from "./client-tls.ts";
import type { ProxyProtocolFacts } from "./proxy-protocol.ts";
import type { ServerTls } from "./server-tls.ts";

/** What is known of a connection before its handshake. */
export interface ConnectionOrigin {
  /** Of the connection, over all listeners. */
  readonly number: number;
  readonly proxyProtocol: ProxyProtocolFacts | undefined;
}

export interface HandshakeOrigin extends ConnectionOrigin {
  /** The first bytes, which are also still to be read from the socket. */
  readonly first: Buffer;
}

export interface TlsHandshakeEvents {
  readonly onSecure: (socket: TLSSocket, tls: ClientTls, origin: ConnectionOrigin) => void;
  /** One sentence. */
  readonly onFault: (message: string) => void;
}

export class TlsHandshakes {
  readonly #address: AddressConfig;
  readonly #events: TlsHandshakeEvents;
  readonly #server: Server;
  readonly #origin = new AsyncLocalStorage<{
    readonly ciphers: Buffer | undefined;
    readonly connection: ConnectionOrigin;
  }>();

  constructor(address: AddressConfig, events: TlsHandshakeEvents) {
    this.#address = address;
    this.#events = events;
    this.#server = this.#createServer();
  }

  /** An accepted connection of which nothing has been read, or what was read has been put back. */
  take(socket: Socket, { first, number, proxyProtocol }: HandshakeOrigin): void {
    const kept = { ciphers: offeredCiphers(first), connection: { number, proxyProtocol } };
    // Node's TLS server does not say which connection a handshake belongs to.
    this.#origin.run(kept, () => this.#server.emit("connection", socket));
  }

  #createServer(): Server {
    const { defaultServer } = this.#address;
    const { tls } = defaultServer;
    const servers = [defaultServer, ...this.#address.names.servers];
    const all = servers.flatMap((server) => server.tls ?? []);
    const [keyOfFirst = "", ...otherKeys] = new Set(all.map(({ verifyKey }) => verifyKey));
    const server = createTlsServer({
      ...tls?.options,
      // A session carries the verdict on a certificate: it must not be taken from one server to another.
      ...(otherKeys.length > 0 ? { secureOptions: noTickets(tls) } : {}),
      sessionIdContext: keyOfFirst.slice(0, 32) || "bascule",
      requestCert: all.some(({ verify }) => verify !== "off"),
      rejectUnauthorized: false,
      handshakeTimeout: defaultServer.location.settings.core.headerTimeoutMs,
      SNICallback: (name, done) => this.#choose(name, done),
    });
    if (tls && tls.sessionsMax > 0 && otherKeys.length === 0) keepSessions(server, tls);
    server.on("tlsClientError", (error, socket) => {
      this.#events.onFault(`SSL_do_handshake() failed (${error.message}) while SSL handshaking`);
      socket.destroy();
    });
    server.on("secureConnection", (socket) => {
      const origin = this.#origin.getStore();
      if (origin) {
        const chosen = this.#tlsFor(serverNameOf(socket));
        const facts = new ClientTls(socket, chosen, origin.ciphers);
        this.#events.onSecure(socket, facts, origin.connection);
      } else socket.destroy();
    });
    return server;
  }

  #choose(name: string, done: (error: Error | null, context?: SecureContext) => void): void {
    const tls = this.#tlsFor(name);
    if (tls?.rejects === true) done(new Error("the server rejects handshakes"));
    else done(null, tls?.context);
  }

  /** The certificate of the server that SNI names; without one, the default server's. */
  #tlsFor(name: string): ServerTls | undefined {
    const match = name === "" ? undefined : this.#address.names.find(name.toLowerCase());
    return match?.server.tls ?? this.#address.defaultServer.tls;
  }
}

function noTickets(tls: ServerTls | undefined): number {
  return (tls?.options.secureOptions ?? 0) | constants.SSL_OP_NO_TICKET;
}

/** `ssl_session_cache` for clients without tickets; the session made longest ago goes first. */
function keepSessions(server: Server, { sessionsMax, sessionTimeoutMs }: ServerTls): void {
  const sessions = new Map<string, { readonly data: Buffer; readonly untilMs: number }>();
  server.on("newSession", (id: Buffer, data: Buffer, done: () => void) => {
    const [oldest] = sessions.keys();
    if (sessions.size >= sessionsMax && oldest !== undefined) sessions.delete(oldest);
    sessions.set(id.toString("hex"), { data, untilMs: performance.now() + sessionTimeoutMs });
    done();
  });
  server.on("resumeSession", (id: Buffer, done: (error: null, data: Buffer | null) => void) => {
    const session = sessions.get(id.toString("hex"));
    const isAlive = session !== undefined && performance.now() < session.untilMs;
    done(null, isAlive ? session.data : null);
  });
}
