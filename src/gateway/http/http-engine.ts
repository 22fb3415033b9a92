/**
 * The connections to one local address: reads the PROXY header, has tls-handshakes.ts end TLS, tells plain
 * HTTP on a TLS port apart by its first byte, and gives each connection to the HTTP/1.1 engine of net/http1.
 * `configure` changes what it does with the next handshake and the next request.
 */
import type { Socket } from "node:net";
import type { HeadFault } from "../../net/http1/request-head.ts";
import { ServerConnection } from "../../net/http1/server-connection.ts";
import type {
  AcceptedConnection,
  ConnectionEnds,
  Receive,
} from "../../net/http1/accepted-connection.ts";
import { Slots } from "../../runtime/slots.ts";
import type { AddressConfig } from "../gateway-config.ts";
import type { ConnectionActivity } from "./connection-counts.ts";
import type { ClientTls } from "./client-tls.ts";
import type { ListenerServices } from "./listener.ts";
import { isWildcard } from "./listen-address.ts";
import { connectionLimits } from "./modules/connection.ts";
import { type ProxyProtocolFacts, readProxyProtocol } from "./proxy-protocol.ts";
import { TlsHandshakes } from "./tls-handshakes.ts";

/** What the log shows of a broken PROXY header. */
const SHOWN_BYTES_MAX = 107;
/** First byte of a TLS record that holds a handshake. */
const TLS_HANDSHAKE = 0x16;

const PLAIN_ON_TLS: HeadFault = {
  status: 497,
  sentence: "client sent plain HTTP request to HTTPS port while reading client request headers",
};

/** What is known of a connection that has said nothing yet. */
interface Accepted {
  readonly number: number;
  readonly tls: boolean;
  readonly proxyProtocol?: ProxyProtocolFacts | undefined;
}

/** A connection that will be served. */
interface Served {
  readonly number: number;
  readonly tls?: ClientTls;
  readonly refusal?: HeadFault;
  readonly proxyProtocol?: ProxyProtocolFacts | undefined;
}

export class HttpEngine {
  #address: AddressConfig;
  readonly #services: ListenerServices;
  #secure: TlsHandshakes | undefined;
  #stopped = false;
  readonly #connections = new Slots<ServerConnection>();
  /** Connections that began with TLS or the PROXY protocol. */
  readonly #raw = new Set<Socket>();
  /** Connections whose first bytes have not come, on ports with TLS or the PROXY protocol, with their numbers. */
  readonly #silent = new Map<Socket, number>();

  constructor(address: AddressConfig, services: ListenerServices) {
    this.#address = address;
    this.#services = services;
    this.configure(address);
  }

  configure(address: AddressConfig): void {
    this.#address = address;
    if (!address.tls) return;
    this.#secure = new TlsHandshakes(address, {
      onSecure: (socket, tls, origin) => this.#serveStream(socket, { tls, ...origin }),
      onFault: this.#services.onClientFault,
    });
  }

  /** An accepted connection. */
  take(accepted: AcceptedConnection): void {
    const number = this.#services.nextConnectionNumber();
    const { tls, proxyProtocol } = this.#address;
    // Only plain HTTP lets a client close its side first and still read the response.
    if (!tls && !proxyProtocol) {
      return this.#serve(accepted, { number, open: (receive) => accepted.open(receive) });
    }
    const socket = accepted.asStream();
    // The engine reports what matters; without a handler of our own a late reset would end the process.
    socket.on("error", () => {});
    this.#raw.add(socket);
    socket.once("close", () => this.#raw.delete(socket));
    if (tls) socket.allowHalfOpen = false;
    if (proxyProtocol) this.#readProxyHeader(socket, { number, tls });
    else this.#start(socket, { number, tls });
  }

  /** Calls with what each open connection is doing. */
  countInto(count: (activity: ConnectionActivity) => void): void {
    this.#connections.forEach(({ activity }) => count(activity));
    for (const _ of this.#silent.keys()) count("waiting");
  }

  /** Idle connections close now, others after their response. */
  stop(): void {
    this.#stopped = true;
    this.#connections.forEach((connection) => connection.retire());
    for (const socket of this.#silent.keys()) socket.destroy();
  }

  /** Closes the connections up to this number that have never sent anything. */
  closeUnused(numberMax: number): void {
    this.#connections.forEach((connection) => {
      if (connection.isUnused && connection.number <= numberMax) connection.destroy();
    });
    for (const [socket, number] of this.#silent) if (number <= numberMax) socket.destroy();
  }

  /** Closes every connection now. */
  destroy(): void {
    this.#connections.forEach((connection) => connection.destroy());
    for (const socket of this.#raw) socket.destroy();
  }

  #start(socket: Socket, accepted: Accepted): void {
    const secure = this.#secure;
    const { number, tls, proxyProtocol } = accepted;
    if (!tls) return this.#serveStream(socket, { number, proxyProtocol });
    if (!secure) return void socket.destroy();
    this.#receiveFirst(socket, number, (first) => () => {
      socket.unshift(first);
      if (first[0] === TLS_HANDSHAKE) secure.take(socket, { first, number, proxyProtocol });
      else this.#serveStream(socket, { number, refusal: PLAIN_ON_TLS, proxyProtocol });
    });
  }

  #readProxyHeader(socket: Socket, accepted: Accepted): void {
    this.#receiveFirst(socket, accepted.number, (received) => {
      const header = readProxyProtocol(received);
      if (header.kind === "more") return undefined;
      if (header.kind === "broken") return () => this.#refuseHeader(socket, received);
      return () => {
        const rest = received.subarray(header.length);
        if (rest.length > 0) socket.unshift(rest);
        this.#start(socket, { ...accepted, proxyProtocol: header.facts });
      };
    });
  }

  #refuseHeader(socket: Socket, received: Buffer): void {
    const [line = ""] = received.subarray(0, SHOWN_BYTES_MAX).toString("latin1").split("\r\n");
    this.#services.onClientFault(`broken header: "${line}" while reading PROXY protocol`);
    socket.destroy();
  }

  /** Shows what has come so far, until `look` knows what to do with it. */
  #receiveFirst(
    socket: Socket,
    number: number,
    look: (received: Buffer) => (() => void) | undefined,
  ): void {
    const deadline = this.#services.wheel.deadline(() => socket.destroy());
    deadline.set(this.#address.defaultServer.location.settings.core.headerTimeoutMs);
    this.#silent.set(socket, number);
    const abandon = (): void => void socket.destroy();
    const settle = (): void => {
      deadline.clear();
      this.#silent.delete(socket);
      socket.off("readable", read).off("end", abandon).off("close", settle);
    };
    let received: Buffer = Buffer.alloc(0);
    const read = (): void => {
      const chunk: Buffer | null = socket.read();
      if (chunk === null) return;
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      const act = look(received);
      if (!act) return;
      settle();
      act();
    };
    socket.once("close", settle).once("end", abandon).on("readable", read);
    if (socket.readableLength > 0) read();
  }

  #serveStream(socket: Socket, what: Served): void {
    this.#serve(socket, { ...what, open: (receive) => socket.on("data", receive) });
  }

  #serve(
    ends: ConnectionEnds,
    how: Served & { readonly open: (receive: Receive) => Socket },
  ): void {
    const { number, tls, refusal, proxyProtocol, open } = how;
    const connection = new ServerConnection({
      open,
      wheel: this.#services.wheel,
      slabs: this.#services.reads.slabs,
      limits: () => connectionLimits(this.#address.defaultServer.location.settings),
      facts: {
        number,
        openedMs: this.#services.wheel.nowMs(),
        remoteAddress: ends.remoteAddress ?? "unix:",
        remotePort: ends.remotePort ?? 0,
        ...this.#localOf(ends),
        tls,
        ...(proxyProtocol === undefined ? {} : { proxyProtocol }),
      },
      onRequest: (exchange) => this.#services.onExchange(exchange, this.#address),
      onFault: this.#services.onClientFault,
      ...(refusal === undefined ? {} : { refusal }),
    });
    const slot = this.#connections.add(connection);
    connection.socket.on("close", () => this.#connections.remove(slot));
    if (this.#stopped) connection.retire();
  }

  /** Where the client has connected to; the system need not be asked for a port with one address. */
  #localOf(ends: ConnectionEnds): { readonly localAddress: string; readonly localPort: number } {
    const { address } = this.#address;
    if (isWildcard(address) || address.port === 0) {
      return {
        localAddress: ends.localAddress ?? address.host,
        localPort: ends.localPort ?? 0,
      };
    }
    return { localAddress: address.host, localPort: address.port };
  }
}
