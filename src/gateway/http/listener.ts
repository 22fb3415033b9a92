/**
 * One listening socket. It accepts raw connections and hands each to the HTTP engine of its
 * address; every request asks for the configuration of that moment, so a reload is one
 * assignment and no connection is lost.
 */
import { once } from "node:events";
import { createServer as createNetServer, type Server as NetServer } from "node:net";
import type { AcceptedConnection } from "../../net/http1/accepted-connection.ts";
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

/** Most connections that wait for `open`; more are closed. */
const EARLY_COUNT_MAX = 1_024;

export class Listener {
  #config: ListenerConfig;
  readonly #services: ListenerServices;
  readonly #server: NetServer;
  /** By the local address of connections; made when first needed, kept over reloads. */
  readonly #engines = new Map<string, HttpEngine>();
  /** Accepted before `open`; undefined: it has been called. */
  #early: AcceptedConnection[] | undefined = [];
  #stopped = false;

  constructor(config: ListenerConfig, services: ListenerServices) {
    this.#config = config;
    this.#services = services;
    const options = { noDelay: true, allowHalfOpen: true, pauseOnConnect: true };
    this.#server = createNetServer(options);
  }

  /** "0.0.0.0:80": listeners of two configurations with the same key are the same. */
  static keyOf(config: ListenerConfig): string {
    return formatAddress(config.bind);
  }

  /** Clients can connect then; `open` serves them. @throws the system's error (EADDRINUSE, EACCES, ...). */
  async bind(): Promise<void> {
    const { host, port } = this.#config.bind;
    const { backlog } = this.#config;
    // Everybody may connect to a Unix socket, as with nginx: the rights of its folder decide.
    const place = isUnixAddress(host)
      ? { path: unixPathOf(host), readableAll: true, writableAll: true }
      : { host, port, ipv6Only: host.includes(":") };
    this.#server.listen({ ...place, backlog });
    await once(this.#server, "listening");
    this.#services.reads.accept(this.#server, (accepted) => this.#accept(accepted));
    this.#server.on("error", (error) =>
      this.#services.onClientFault(`accept() failed: ${error.message}`),
    );
  }

  /** The configuration is in force: serves the connections that have waited, and all to come. */
  open(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const accepted of early) this.#accept(accepted);
  }

  /** New requests, also those of open connections, see the new configuration. */
  swap(config: ListenerConfig): void {
    this.#config = config;
    for (const [host, engine] of this.#engines) {
      const address = this.#addressOf(host);
      if (address) engine.configure(address);
    }
  }

  /** Closes the connections up to this number that have never sent anything. */
  closeUnused(numberMax: number): void {
    for (const engine of this.#engines.values()) engine.closeUnused(numberMax);
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
    for (const accepted of this.#early ?? []) accepted.destroy();
    for (const engine of this.#engines.values()) engine.stop();
  }

  /** Closes what is still open, responses in progress included. */
  destroy(): void {
    this.stop();
    for (const engine of this.#engines.values()) engine.destroy();
  }

  #accept(accepted: AcceptedConnection): void {
    const early = this.#early;
    if (early && early.length < EARLY_COUNT_MAX) return void early.push(accepted);
    const engine = early ? undefined : this.#engineFor(this.#hostOf(accepted));
    if (engine) engine.take(accepted);
    else accepted.destroy();
  }

  /** The local address of a connection, where it matters: asking for it is a call to the system. */
  #hostOf(accepted: AcceptedConnection): string {
    const { addresses } = this.#config;
    const [only] = addresses;
    if (addresses.length === 1 && only && !isWildcard(only.address)) return only.address.host;
    return accepted.localAddress ?? "";
  }

  #engineFor(host: string): HttpEngine | undefined {
    const known = this.#engines.get(host);
    if (known) return known;
    const address = this.#addressOf(host);
    if (!address) return undefined;
    const engine = new HttpEngine(address, this.#services);
    this.#engines.set(host, engine);
    return engine;
  }

  /** The address for connections to that host; a wildcard takes what no address names. */
  #addressOf(host: string): AddressConfig | undefined {
    const { addresses } = this.#config;
    return (
      addresses.find(({ address }) => address.host === host) ??
      addresses.find(({ address }) => isWildcard(address)) ??
      addresses[0]
    );
  }
}
