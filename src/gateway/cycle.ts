/**
 * One Cycle is one loaded configuration at work: its upstreams, its connections to peers, its log files. A
 * reload starts a new cycle beside the old one; the old one ends when its last request is done.
 * Health of peers and sticky sessions pass from the old to the new.
 */
import { AppError } from "../errors/app-error.ts";
import type { Clock } from "../runtime/clock.ts";
import type { GatewayConfig, LocationConfig } from "./gateway-config.ts";
import type { ConnectionCounts } from "./http/connection-counts.ts";
import { ConnectionZones } from "./http/connection-zones.ts";
import { LimitZones } from "./http/limit-zones.ts";
import type { SocketReads } from "../net/http1/shared-reads.ts";
import type { TimerWheel } from "../net/http1/timer-wheel.ts";
import { ProxyServices } from "./http/proxy/proxy-services.ts";
import { Slots } from "../runtime/slots.ts";
import type { Exchange } from "./http/exchange.ts";
import type { ErrorLogWriter } from "./http/request-context.ts";
import type { LogBook } from "./log-book.ts";
import { AddressUpstreams } from "./upstream/address-upstreams.ts";
import type { ServerDirectory } from "./upstream/server-directory.ts";
import type { SessionZones } from "./upstream/session-zones.ts";
import { systemNetwork } from "./resolver/dns-network.ts";
import { Resolvers } from "./resolver/resolvers.ts";
import { Upstream, type UpstreamServices } from "./upstream/upstream.ts";

export interface CycleServices {
  readonly clock: Clock;
  readonly logs: LogBook;
  readonly directory: ServerDirectory;
  readonly zones: SessionZones;
  /** The time-outs of all connections. */
  readonly wheel: TimerWheel;
  readonly reads: SocketReads;
  /** What the connections of all listeners are doing. */
  readonly counts: () => ConnectionCounts;
}

export class Cycle {
  readonly config: GatewayConfig;
  readonly clock: Clock;
  readonly logs: LogBook;
  readonly upstreams: ReadonlyMap<string, Upstream>;
  /** For addresses that only a request tells. */
  readonly addressUpstreams: AddressUpstreams;
  /** Names at run time. */
  readonly resolvers: Resolvers;
  readonly proxy: ProxyServices;
  /** The buckets of `limit_req`. */
  readonly limitZones: LimitZones;
  /** What the connections of all listeners are doing. */
  readonly counts: () => ConnectionCounts;
  /** The counts of `limit_conn`. */
  readonly connectionZones: ConnectionZones;
  /** The error log of the main level: what concerns no request. */
  readonly errorLog: ErrorLogWriter;
  readonly #errorLogs = new WeakMap<LocationConfig, ErrorLogWriter>();
  readonly #done = Promise.withResolvers<void>();
  /** The exchanges of requests in progress, upgraded connections included. */
  readonly #active = new Slots<Exchange>();
  #state: "running" | "retired" | "ended" = "running";

  /**
   * @param previous the running cycle, undefined at the start.
   * @throws AppError CONFIG_INVALID when a log file cannot be opened or a sticky zone changes hands.
   */
  constructor(config: GatewayConfig, services: CycleServices, previous?: Cycle) {
    this.config = config;
    this.clock = services.clock;
    this.proxy = new ProxyServices(services.wheel, services.reads, previous?.proxy);
    this.logs = services.logs;
    this.limitZones = new LimitZones(config.limitZones, previous?.limitZones);
    this.counts = services.counts;
    this.connectionZones = new ConnectionZones(config.connectionZones, previous?.connectionZones);
    if (previous) checkZoneOwners(config, previous.config);
    this.logs.take(config.logFiles);
    this.errorLog = this.logs.errorLog(config.errorLogs);
    this.resolvers = new Resolvers({ clock: services.clock, network: systemNetwork });
    const upstreamServices = servicesFor(services, this.resolvers, this.errorLog);
    this.addressUpstreams = new AddressUpstreams(upstreamServices);
    this.upstreams = new Map(
      [...config.upstreams].map(([name, upstream]) => [
        name,
        new Upstream(upstream, upstreamServices, previous?.upstreams.get(name)),
      ]),
    );
  }

  /** Resolves when the cycle is retired and its last request is done. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  /** Requests in progress, upgraded connections included. */
  get activeCount(): number {
    return this.#active.count;
  }

  errorLogOf(location: LocationConfig): ErrorLogWriter {
    const known = this.#errorLogs.get(location);
    if (known) return known;
    const writer = this.logs.errorLog(location.settings.errorLog.logs);
    this.#errorLogs.set(location, writer);
    return writer;
  }

  /** A request begins. @returns its number among those in progress, for `leave`. */
  enter(exchange: Exchange): number {
    return this.#active.add(exchange);
  }

  /** The request is over and logged. */
  leave(slot: number): void {
    this.#active.remove(slot);
    if (this.#state === "retired") this.#finishIfDone();
  }

  /** Closes the connections of the requests that are still in progress. */
  cutOff(): void {
    this.#active.forEach((exchange) => exchange.drop());
  }

  /** No request will be counted in any more; the cycle ends with the last one. */
  retire(): void {
    if (this.#state !== "running") return;
    this.#state = "retired";
    for (const upstream of this.upstreams.values()) upstream.close();
    this.#finishIfDone();
  }

  #finishIfDone(): void {
    if (this.#state !== "retired" || this.#active.count > 0) return;
    this.#state = "ended";
    this.proxy.connections.close();
    this.resolvers.close();
    this.logs.giveBack(this.config.logFiles);
    this.#done.resolve();
  }
}

/** Names of the sticky zones of a configuration, with the upstream that each belongs to. */
export function zoneOwners(config: GatewayConfig): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  for (const { name, sticky } of config.upstreams.values()) {
    if (sticky?.kind === "learn") owners.set(sticky.zoneName, name);
  }
  return owners;
}

/** Outside the constructor: a closure made there would hold the cycle before, and that one the one before it. */
function servicesFor(
  services: CycleServices,
  resolvers: Resolvers,
  errorLog: ErrorLogWriter,
): UpstreamServices {
  const logError = (sentence: string): void => errorLog.write("error", sentence);
  return { ...services, resolvers, logError };
}

function checkZoneOwners(config: GatewayConfig, before: GatewayConfig): void {
  const owners = zoneOwners(before);
  for (const [zone, upstream] of zoneOwners(config)) {
    const owner = owners.get(zone);
    if (owner === undefined || owner === upstream) continue;
    const sentence = `sticky zone "${zone}" is already used in upstream "${owner}"`;
    throw new AppError("CONFIG_INVALID", sentence, { side: "config" });
  }
}
