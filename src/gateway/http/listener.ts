/**
 * One listening socket. It accepts raw connections and hands each to the HTTP engine of its
 * address; every request asks for the configuration of that moment, so a reload is one
 * assignment and no connection is lost.
 */
import { once } from "node:events";
import { createServer as createNetServer, type Server as NetServer, type Socket } from "node:net";
import type { SocketReads } from "../../net/http1/shared-reads.ts";
import type { TimerWheel } from "../../net/http1/timer-wheel.ts";
import type { AddressConfig, ListenerConfig } from "../gateway-config.ts";
import type { ConnectionActivity } from "./connection-counts.ts";
import type { Exchange } from "./exchange.ts";
import { HttpEngine } from "./http-engine.ts";
import { formatAddress, isUnixAddress, isWildcard, unixPathOf } from "./listen-address.ts";

export interface ListenerServices {
  /** The time-outs of all connections. */
  readonly wheel: TimerWheel;
  /** How the sockets are read. */
  readonly reads: SocketReads;
  /** Takes a request; the response is its business. */
  readonly onExchange: (exchange: Exchange, address: AddressConfig) => void;
  /** A connection or a handshake went wrong before there was a request. */
  readonly onClientFault: (message: string) => void;
  /** Numbers connections over all listeners. */
  readonly nextConnectionNumber: () => number;
}

export class Listener {
  #config: ListenerConfig;
  readonly #services: ListenerServices;
  readonly #server: NetServer;
  /** By address; made when first needed, kept over reloads. */
  readonly #engines = new Map<string, HttpEngine>();
  #stopped = false;

  constructor(config: ListenerConfig, services: ListenerServices) {
    this.#config = config;
    this.#services = services;
    const options = { noDelay: true, allowHalfOpen: true, pauseOnConnect: true };
    this.#server = createNetServer(options, (socket) => this.#accept(socket));
  }

  /** "0.0.0.0:80": listeners of two configurations with the same key are the same. */
  static keyOf(config: ListenerConfig): string {
    return formatAddress(config.bind);
  }

  /** @throws the system's error (EADDRINUSE, EACCES, ...). */
  async bind(): Promise<void> {
    const { host, port } = this.#config.bind;
    const { backlog } = this.#config;
    // Everybody may connect to a Unix socket, as with nginx: the rights of its folder decide.
    const place = isUnixAddress(host)
      ? { path: unixPathOf(host), readableAll: true, writableAll: true }
      : { host, port, ipv6Only: host.includes(":") };
    this.#server.listen({ ...place, backlog });
    await once(this.#server, "listening");
    this.#server.on("error", (error) =>
      this.#services.onClientFault(`accept() failed: ${error.message}`),
    );
  }

  /** New requests, also those of open connections, see the new configuration. */
  swap(config: ListenerConfig): void {
    this.#config = config;
    for (const address of config.addresses) {
      this.#engines.get(formatAddress(address.address))?.configure(address);
    }
  }

  /** Calls with what each open connection is doing. */
  countInto(count: (activity: ConnectionActivity) => void): void {
    for (const engine of this.#engines.values()) engine.countInto(count);
  }

  /** Accepts no connection any more; idle ones close, others after their response. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#server.close();
    for (const engine of this.#engines.values()) engine.stop();
  }

  /** Closes what is still open, responses in progress included. */
  destroy(): void {
    this.stop();
    for (const engine of this.#engines.values()) engine.destroy();
  }

  #accept(socket: Socket): void {
    const address = this.#addressOf(socket);
    if (address) this.#engineFor(address).take(socket, address.tls);
    else socket.destroy();
  }

  #engineFor(address: AddressConfig): HttpEngine {
    const key = formatAddress(address.address);
    const known = this.#engines.get(key);
    if (known) return known;
    const engine = new HttpEngine(address, this.#services);
    this.#engines.set(key, engine);
    return engine;
  }

  /** The address that the connection came in on; a wildcard takes what no address names. */
  #addressOf(socket: Socket): AddressConfig | undefined {
    const { addresses } = this.#config;
    return (
      addresses.find(({ address }) => address.host === socket.localAddress) ??
      addresses.find(({ address }) => isWildcard(address)) ??
      addresses[0]
    );
  }
}
