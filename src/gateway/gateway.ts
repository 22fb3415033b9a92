/**
 * The running gateway: its listeners and the current cycle. Start binds everything or nothing; a reload
 * builds the new cycle beside the old one and switches by one assignment per listener; any error
 * leaves the old one as it was. Called by the command.
 */
import { AppError, messageOf } from "../errors/app-error.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Closable } from "../runtime/lifecycle.ts";
import { SocketReads } from "../net/http1/shared-reads.ts";
import { TimerWheel } from "../net/http1/timer-wheel.ts";
import type { LineSink } from "../observability/log.ts";
import { Cycle, type CycleServices, zoneOwners } from "./cycle.ts";
import type { AddressConfig, GatewayConfig, ListenerConfig } from "./gateway-config.ts";
import type { Exchange } from "./http/exchange.ts";
import { Listener, type ListenerServices } from "./http/listener.ts";
import { RequestHandler } from "./http/request-handler.ts";
import { LogBook } from "./log-book.ts";
import { RetiredCycles } from "./retired-cycles.ts";
import { describeSystemError } from "./nginx/system-error.ts";
import { formatAddress } from "./http/listen-address.ts";
import type { ConnectionCounts } from "./http/connection-counts.ts";
import { emptyDirectory, type ServerDirectory } from "./upstream/server-directory.ts";
import { SessionZones } from "./upstream/session-zones.ts";
import type { SessionSharing } from "./upstream/shared-sessions.ts";
import type { NodeSessions, Upstream } from "./upstream/upstream.ts";

export interface GatewayOptions {
  readonly config: GatewayConfig;
  readonly clock: Clock;
  /** Where `error_log stderr` goes. */
  readonly stderr: LineSink;
  /** The members behind `cluster_servers`. Default: none. */
  readonly directory?: ServerDirectory;
  /** Shares the zones of `sticky learn ... sync` with other gateways. Default: with none. */
  readonly share?: SessionSharing;
}

/** Resolves when every socket listens. @throws AppError PORT_BUSY, CONFIG_INVALID. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const gateway = new Gateway(options, await SocketReads.probe());
  try {
    await gateway.start();
  } catch (error) {
    gateway.terminate();
    throw error;
  }
  return gateway;
}

export class Gateway implements Closable {
  readonly #services: CycleServices;
  readonly #firstConfig: GatewayConfig;
  readonly #listenerServices: ListenerServices;
  #listeners: ReadonlyMap<string, Listener> = new Map();
  #cycle: Cycle | undefined;
  #handler: RequestHandler | undefined;
  readonly #retired: RetiredCycles;
  #connectionCount = 0;
  #requestCount = 0;
  #changing: Promise<void> = Promise.resolve();

  /** @param reads how sockets are read. */
  constructor(options: GatewayOptions, reads: SocketReads) {
    const { config, clock, stderr, directory = emptyDirectory } = options;
    const logs = new LogBook(clock, stderr);
    const wheel = new TimerWheel(clock);
    this.#retired = new RetiredCycles(clock);
    this.#services = {
      clock,
      logs,
      directory,
      zones: new SessionZones(clock, options.share),
      wheel,
      reads,
      counts: () => this.#counts(),
    };
    this.#firstConfig = config;
    this.#listenerServices = {
      wheel,
      reads,
      onExchange: (exchange, address) => this.#onExchange(exchange, address),
      onClientFault: (message) => this.#cycle?.errorLog.write("info", message),
      nextConnectionNumber: () => ++this.#connectionCount,
    };
  }

  /** The configuration in force. */
  get config(): GatewayConfig {
    return this.#cycle?.config ?? this.#firstConfig;
  }

  /** Requests in progress under the current configuration. */
  get activeCount(): number {
    return this.#cycle?.activeCount ?? 0;
  }

  /** Whether no new request is sent to a member of the cluster that runs another revision than the live one. */
  get isOnLive(): boolean {
    return this.#cycle !== undefined && this.#upstreams.every(({ isOnLive }) => isOnLive);
  }

  /** The sessions bound to the nodes of these names, an entry for each server of theirs. */
  boundTo(nodes: ReadonlySet<string>): readonly NodeSessions[] {
    return this.#upstreams.flatMap((upstream) => upstream.boundTo(nodes));
  }

  async start(): Promise<void> {
    await this.#install(this.#firstConfig);
    this.#cycle?.errorLog.write("notice", "start worker processes");
  }

  /**
   * Puts a new configuration in force. Reloads run one after the other.
   * @param load reads the configuration; what it throws is logged, and the old one stays.
   * @throws what `load` or the installation threw.
   */
  reload(load: () => Promise<GatewayConfig>): Promise<void> {
    const reloading = this.#reloadAfter(this.#changing, load);
    this.#changing = reloading.catch(() => {});
    return reloading;
  }

  /** Opens all log files again. @returns what went wrong, one sentence a file; also in the error log. */
  reopenLogs(): readonly string[] {
    const failures = this.#services.logs.reopen();
    for (const failure of failures) this.#cycle?.errorLog.write("emerg", failure);
    return failures;
  }

  /** Old configurations that still have requests in progress. */
  get retiredCount(): number {
    return this.#retired.count;
  }

  /** Graceful: no new connections; requests in progress are finished, within `worker_shutdown_timeout` if there is one. */
  async close(): Promise<void> {
    await this.#changing;
    for (const listener of this.#listeners.values()) listener.stop();
    const late = Promise.withResolvers<void>();
    this.#retired.after(this.config.workerShutdownTimeoutMs, late.resolve);
    if (this.#cycle) void this.#retired.drain(this.#cycle);
    await Promise.race([this.#retired.done(), late.promise]);
    this.terminate();
  }

  /** Fast: every connection is closed now. */
  terminate(): void {
    for (const listener of this.#listeners.values()) listener.destroy();
    this.#services.zones.close();
    this.#cycle?.retire();
    this.#retired.close();
  }

  get #upstreams(): readonly Upstream[] {
    return [...(this.#cycle?.upstreams.values() ?? [])];
  }

  #counts(): ConnectionCounts {
    const counts = { reading: 0, writing: 0, waiting: 0 };
    for (const listener of this.#listeners.values()) {
      listener.countInto((activity) => counts[activity]++);
    }
    return { ...counts, accepted: this.#connectionCount, requests: this.#requestCount };
  }

  #onExchange(exchange: Exchange, address: AddressConfig): void {
    this.#requestCount++;
    if (this.#handler) this.#handler.handle(exchange, address);
    else exchange.drop();
  }

  async #reloadAfter(before: Promise<void>, load: () => Promise<GatewayConfig>): Promise<void> {
    await before;
    try {
      await this.#install(await load());
    } catch (error) {
      for (const line of messageOf(error).split("\n")) {
        this.#cycle?.errorLog.write("emerg", line);
      }
      throw error;
    }
  }

  async #install(config: GatewayConfig): Promise<void> {
    const previous = this.#cycle;
    const fresh = await this.#bindNew(config.listeners);
    let cycle: Cycle;
    try {
      cycle = new Cycle(config, this.#services, previous);
    } catch (error) {
      for (const listener of fresh.values()) listener.destroy();
      throw error;
    }
    this.#cycle = cycle;
    this.#handler = new RequestHandler(cycle);
    this.#switchListeners(config.listeners, fresh);
    this.#services.zones.keepOnly(new Set(zoneOwners(config).keys()));
    if (previous) void this.#drain(previous);
  }

  /** The old cycle ends with its last request; the log then says so in nginx's words. */
  async #drain(cycle: Cycle): Promise<void> {
    const newest = this.#connectionCount;
    this.#retired.after(cycle.config.workerShutdownTimeoutMs, () => this.#closeUnused(newest));
    await this.#retired.drain(cycle);
    this.#cycle?.errorLog.write("notice", `worker process ${process.pid} exited with code 0`);
  }

  /** What was opened under the old configuration and never used goes with it; other idle connections serve the new one. */
  #closeUnused(numberMax: number): void {
    for (const listener of this.#listeners.values()) listener.closeUnused(numberMax);
  }

  /** Binds the addresses that are not bound yet: all of them or none. */
  async #bindNew(configs: readonly ListenerConfig[]): Promise<ReadonlyMap<string, Listener>> {
    const fresh = new Map<string, Listener>();
    const failures: { readonly sentence: string; readonly cause: unknown }[] = [];
    for (const config of configs) {
      const key = Listener.keyOf(config);
      if (this.#listeners.has(key)) continue;
      const listener = new Listener(config, this.#listenerServices);
      try {
        await listener.bind();
        fresh.set(key, listener);
      } catch (error) {
        const reason = describeSystemError(error);
        failures.push({
          sentence: `bind() to ${formatAddress(config.bind)} failed (${reason})`,
          cause: error,
        });
      }
    }
    const [first] = failures;
    if (!first) return fresh;
    for (const listener of fresh.values()) listener.destroy();
    const message = failures.map((failure) => failure.sentence).join("\n");
    throw new AppError("PORT_BUSY", message, { cause: first.cause });
  }

  #switchListeners(configs: readonly ListenerConfig[], fresh: ReadonlyMap<string, Listener>): void {
    const before = this.#listeners;
    const next = new Map<string, Listener>();
    for (const config of configs) {
      const key = Listener.keyOf(config);
      const kept = before.get(key);
      const listener = kept ?? fresh.get(key);
      kept?.swap(config);
      if (listener) next.set(key, listener);
    }
    this.#listeners = next;
    for (const listener of fresh.values()) listener.open();
    for (const [key, listener] of before) if (!next.has(key)) listener.stop();
  }
}
