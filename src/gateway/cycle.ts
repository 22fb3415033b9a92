/**
 * One Cycle is one loaded configuration at work: its upstreams, its connections to peers, its log files. A
 * reload starts a new cycle beside the old one; the old one ends when its last request is done.
 * Health of peers and sticky sessions pass from the old to the new.
 */
import { AppError } from "../errors/app-error.ts";
import type { Clock } from "../runtime/clock.ts";
import type { GatewayConfig, LocationConfig } from "./gateway-config.ts";
import { LimitZones } from "./http/limit-zones.ts";
import { ProxyTransport } from "./http/proxy/attempt.ts";
import { PeerAgents } from "./http/proxy/peer-agents.ts";
import { PeerTlsFactory } from "./http/proxy/peer-tls.ts";
import type { ErrorLogWriter } from "./http/request-context.ts";
import type { LogBook } from "./log-book.ts";
import type { ServerDirectory } from "./upstream/server-directory.ts";
import type { SessionZones } from "./upstream/session-table.ts";
import { Upstream } from "./upstream/upstream.ts";

export interface CycleServices {
  readonly clock: Clock;
  readonly logs: LogBook;
  readonly directory: ServerDirectory;
  readonly zones: SessionZones;
}

export class Cycle {
  readonly config: GatewayConfig;
  readonly clock: Clock;
  readonly logs: LogBook;
  readonly upstreams: ReadonlyMap<string, Upstream>;
  readonly agents: PeerAgents;
  readonly transport = new ProxyTransport();
  readonly peerTls = new PeerTlsFactory();
  /** The buckets of `limit_req`. */
  readonly limitZones: LimitZones;
  /** The error log of the main level: what concerns no request. */
  readonly errorLog: ErrorLogWriter;
  readonly #errorLogs = new WeakMap<LocationConfig, ErrorLogWriter>();
  readonly #done = Promise.withResolvers<void>();
  #activeCount = 0;
  #state: "running" | "retired" | "ended" = "running";

  /**
   * @param previous the running cycle, undefined at the start.
   * @throws AppError CONFIG_INVALID when a log file cannot be opened or a sticky zone changes hands.
   */
  constructor(config: GatewayConfig, services: CycleServices, previous?: Cycle) {
    this.config = config;
    this.clock = services.clock;
    this.agents = new PeerAgents(services.clock);
    this.logs = services.logs;
    this.limitZones = new LimitZones(config.limitZones, previous?.limitZones);
    if (previous) checkZoneOwners(config, previous.config);
    this.logs.take(config.logFiles);
    this.errorLog = this.logs.errorLog(config.errorLogs);
    this.upstreams = new Map(
      [...config.upstreams].map(([name, upstream]) => [
        name,
        new Upstream(upstream, services, previous?.upstreams.get(name)),
      ]),
    );
  }

  /** Resolves when the cycle is retired and its last request is done. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  /** Requests in progress, upgraded connections included. */
  get activeCount(): number {
    return this.#activeCount;
  }

  errorLogOf(location: LocationConfig): ErrorLogWriter {
    const known = this.#errorLogs.get(location);
    if (known) return known;
    const writer = this.logs.errorLog(location.settings.errorLog.logs);
    this.#errorLogs.set(location, writer);
    return writer;
  }

  /** Counts a request in until `work` is over. */
  async run(work: () => Promise<void>): Promise<void> {
    this.#activeCount++;
    try {
      await work();
    } finally {
      this.#activeCount--;
      this.#finishIfDone();
    }
  }

  /** No request will be counted in any more; the cycle ends with the last one. */
  retire(): void {
    if (this.#state !== "running") return;
    this.#state = "retired";
    for (const upstream of this.upstreams.values()) upstream.close();
    this.#finishIfDone();
  }

  #finishIfDone(): void {
    if (this.#state !== "retired" || this.#activeCount > 0) return;
    this.#state = "ended";
    this.agents.close();
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

function checkZoneOwners(config: GatewayConfig, before: GatewayConfig): void {
  const owners = zoneOwners(before);
  for (const [zone, upstream] of zoneOwners(config)) {
    const owner = owners.get(zone);
    if (owner === undefined || owner === upstream) continue;
    const sentence = `sticky zone "${zone}" is already used in upstream "${owner}"`;
    throw new AppError("CONFIG_INVALID", sentence, { side: "config" });
  }
}
