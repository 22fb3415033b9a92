/**
 * The servers of one upstream whose names are resolved while it runs (`server NAME resolve [service=]`): asks again
 * whenever an answer has run out, and tells when the peers are others. An error of the name server changes nothing, an
 * empty answer takes the peers away; after a reload the addresses known before serve until new ones come.
 * Implements ngx_http_upstream_zone_resolve_handler of nginx 1.27.3 and newer.
 */
import type { Clock, Timer } from "../../runtime/clock.ts";
import { describeFailure, HOST_NOT_FOUND } from "../resolver/name-answer.ts";
import type { NameAnswer, ResolvedAddress } from "../resolver/resolver.ts";
import type { Resolvers } from "../resolver/resolvers.ts";
import type { PeerConfig, ResolvedServerConfig } from "./upstream-config.ts";

export interface ResolvedServersPorts {
  readonly clock: Clock;
  readonly resolvers: Resolvers;
  /** Says in the error log that a name could not be resolved. */
  readonly logError: (sentence: string) => void;
}

/** Most addresses of one name that become peers. */
const ADDRESSES_MAX = 256;
/** Between two questions at least; a time to live of 0 would ask without end. */
const PAUSE_MS_MIN = 1_000;

/** Not a closure of the constructor, which would hold what was before it. */
const NOTHING = (): void => {};

interface Server {
  readonly config: ResolvedServerConfig;
  addresses: readonly ResolvedAddress[];
  /** Ends the question under way, or the wait for the next one. */
  stop: () => void;
}

export class ResolvedServers {
  readonly #ports: ResolvedServersPorts;
  readonly #onChange: () => void;
  readonly #servers: readonly Server[];

  /** @param previous of the upstream of the same name before a reload. */
  constructor(
    configs: readonly ResolvedServerConfig[],
    ports: ResolvedServersPorts,
    onChange: () => void,
    previous?: ResolvedServers,
  ) {
    this.#ports = ports;
    this.#onChange = onChange;
    this.#servers = configs.map((config) => ({
      config,
      addresses: previous?.addressesOf(config) ?? [],
      stop: NOTHING,
    }));
  }

  /** Starts to ask; changes are told from now on. */
  start(): void {
    for (const server of this.#servers) this.#ask(server);
  }

  close(): void {
    for (const { stop } of this.#servers) stop();
  }

  /** The peers that the names stand for at the moment. */
  peers(): readonly PeerConfig[] {
    return this.#servers.flatMap(({ config, addresses }) => peersOf(config, addresses));
  }

  /** What is known of the same name and service. */
  addressesOf(config: ResolvedServerConfig): readonly ResolvedAddress[] | undefined {
    const nameSought = resolvedName(config);
    return this.#servers.find((server) => resolvedName(server.config) === nameSought)?.addresses;
  }

  #ask(server: Server): void {
    const { config } = server;
    const name = resolvedName(config);
    const request = { name, isService: config.service !== undefined, timeoutMs: config.timeoutMs };
    let isAnswered = false;
    const giveUp = this.#ports.resolvers.of(config.resolver).resolve(request, (answer) => {
      isAnswered = true;
      this.#take(server, answer);
    });
    // An answer within the call has set what stops the wait for the next one.
    if (!isAnswered) server.stop = giveUp;
  }

  #take(server: Server, answer: NameAnswer): void {
    const { clock, logError } = this.#ports;
    const { host, timeoutMs } = server.config;
    let pauseMs = timeoutMs;
    if (answer.kind === "found") {
      pauseMs = answer.validUntilMs - clock.monotonicMs();
      this.#replace(server, answer.addresses.slice(0, ADDRESSES_MAX));
    } else {
      logError(describeFailure(host, answer));
      if (answer.code === HOST_NOT_FOUND) this.#replace(server, []);
    }
    const timer: Timer = clock.after(Math.max(PAUSE_MS_MIN, pauseMs), () => this.#ask(server));
    server.stop = () => timer.cancel();
  }

  #replace(server: Server, addresses: readonly ResolvedAddress[]): void {
    // Name servers give the same addresses in ever other orders.
    const ordered = addresses.toSorted((left, right) => (keyOf(left) < keyOf(right) ? -1 : 1));
    const isSame = ordered.map(keyOf).join() === server.addresses.map(keyOf).join();
    if (isSame) return;
    server.addresses = ordered;
    this.#onChange();
  }
}

/** The name that is asked for: "http" → "_http._tcp.NAME"; a service with a dot stands as it is before the name. */
export function resolvedName({
  host,
  service,
}: Pick<ResolvedServerConfig, "host" | "service">): string {
  if (service === undefined) return host;
  return service.includes(".") ? `${service}.${host}` : `_${service}._tcp.${host}`;
}

/** The places of a service with the lowest number of priority are primary, the others backups (RFC 2782). */
function peersOf(
  { options, name, port: ownPort, service }: ResolvedServerConfig,
  addresses: readonly ResolvedAddress[],
): readonly PeerConfig[] {
  if (service === undefined) {
    return addresses.map(({ host }) => ({ ...options, name, host, port: ownPort }));
  }
  const first = Math.min(...addresses.map(({ priority }) => priority));
  return addresses.flatMap(({ host, port, priority, weight }): readonly PeerConfig[] => {
    const backup = options.backup || priority !== first;
    // Of a server that is a backup, there are no backups of the backup.
    if (options.backup && priority !== first) return [];
    return [{ ...options, name, backup, host, port, weight: weight || options.weight }];
  });
}

function keyOf({ host, port, priority, weight }: ResolvedAddress): string {
  return `${host} ${port} ${priority} ${weight}`;
}
