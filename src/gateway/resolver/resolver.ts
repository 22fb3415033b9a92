/**
 * Names to addresses at run time, as the `resolver` directive of one place says: asks for each name once however many
 * requests wait, keeps answers for their time to live (or `valid=`), never errors. Used by proxy_pass with variables
 * and by `server ... resolve` of upstreams. Implements ngx_resolver_resolve_name for A, AAAA and SRV.
 */
import { isIP } from "node:net";
import type { Clock } from "../../runtime/clock.ts";
import { type DnsType, isDnsName } from "./dns-message.ts";
import type { DnsNetwork } from "./dns-network.ts";
import { HOST_NOT_FOUND, type NameFailure, SERVER_FAILURE, TIMED_OUT } from "./name-answer.ts";
import { NameQuery, type QueryAnswer } from "./name-query.ts";
import type { ResolverConfig } from "./resolver-config.ts";

/** Most names that are kept; the oldest goes first. */
const CACHED_MAX = 4_096;
/** Most names that are asked for at a time: clients may choose them. One more fails at once. */
const PENDING_MAX = 1_000;
/** Most targets of a service that are looked up. */
const TARGETS_MAX = 64;
const MS = 1_000;

/** One place of a service, or an address of a host (then the numbers are 0). */
export interface ResolvedAddress {
  /** An IP address. */
  readonly host: string;
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}

export interface NameFound {
  readonly kind: "found";
  /** At least one. */
  readonly addresses: readonly ResolvedAddress[];
  /** On the monotonic clock. */
  readonly validUntilMs: number;
}

export type NameAnswer = NameFound | NameFailure;

export interface ResolverPorts {
  readonly clock: Clock;
  readonly network: DnsNetwork;
}

/** What is asked for: a host's addresses, or the places of a service ("_http._tcp.example.com"). */
export interface NameRequest {
  readonly name: string;
  readonly isService: boolean;
  /** How long the caller waits (`resolver_timeout`). Milliseconds. */
  readonly timeoutMs: number;
}

interface Lookup {
  readonly waiting: Set<(answer: NameAnswer) => void>;
  readonly abort: AbortController;
}

export class Resolver {
  readonly #config: ResolverConfig;
  readonly #ports: ResolverPorts;
  readonly #known = new Map<string, NameFound>();
  readonly #pending = new Map<string, Lookup>();
  #nextServer = 0;

  constructor(config: ResolverConfig, ports: ResolverPorts) {
    this.#config = config;
    this.#ports = ports;
  }

  /**
   * Calls `done` once, within this call where the answer is known.
   * @returns gives the question up: `done` is then not called.
   */
  resolve(request: NameRequest, done: (answer: NameAnswer) => void): () => void {
    const name = request.name.toLowerCase().replace(/\.$/, "");
    const key = `${request.isService ? "service" : "host"} ${name}`;
    const known = this.#known.get(key);
    if (known && known.validUntilMs > this.#ports.clock.monotonicMs()) done(known);
    else if (!isDnsName(name)) done({ kind: "failure", code: HOST_NOT_FOUND });
    else return this.#wait(key, { ...request, name }, done);
    return () => {};
  }

  /** Nobody hears of what is still pending. */
  close(): void {
    for (const { abort } of this.#pending.values()) abort.abort();
    this.#pending.clear();
  }

  #wait(key: string, request: NameRequest, done: (answer: NameAnswer) => void): () => void {
    const lookup = this.#pending.get(key) ?? this.#start(key, request);
    if (!lookup) {
      done({ kind: "failure", code: SERVER_FAILURE });
      return () => {};
    }
    const leave = (): void => {
      timer.cancel();
      lookup.waiting.delete(tell);
      if (lookup.waiting.size > 0 || this.#pending.get(key) !== lookup) return;
      this.#pending.delete(key);
      lookup.abort.abort();
    };
    const tell = (answer: NameAnswer): void => {
      leave();
      done(answer);
    };
    const timer = this.#ports.clock.after(request.timeoutMs, () =>
      tell({ kind: "failure", code: TIMED_OUT }),
    );
    lookup.waiting.add(tell);
    return leave;
  }

  #start(key: string, { name, isService }: NameRequest): Lookup | undefined {
    if (this.#pending.size >= PENDING_MAX) return undefined;
    const lookup: Lookup = { waiting: new Set(), abort: new AbortController() };
    this.#pending.set(key, lookup);
    const { signal } = lookup.abort;
    const asking = isService ? this.#findService(name, signal) : this.#findHost(name, signal);
    asking.then(
      (answer) => this.#settle(key, lookup, answer),
      // A query rejects when it is given up; nobody waits then. For anything else the name has no answer.
      () => this.#settle(key, lookup, { kind: "failure", code: SERVER_FAILURE }),
    );
    return lookup;
  }

  #settle(key: string, lookup: Lookup, answer: NameAnswer): void {
    if (this.#pending.get(key) !== lookup) return;
    this.#pending.delete(key);
    if (answer.kind === "found") this.#keep(key, answer);
    for (const tell of lookup.waiting) tell(answer);
  }

  #keep(key: string, answer: NameFound): void {
    this.#known.delete(key);
    this.#known.set(key, answer);
    const [oldest] = this.#known.keys();
    if (this.#known.size > CACHED_MAX && oldest !== undefined) this.#known.delete(oldest);
  }

  /** The addresses of both families; a family that fails is left out if the other has some. */
  async #findHost(name: string, signal: AbortSignal): Promise<NameAnswer> {
    const { ipv4, ipv6 } = this.#config;
    const first = this.#takeServer();
    const types: readonly DnsType[] = [
      ...(ipv4 ? ["A" as const] : []),
      ...(ipv6 ? ["AAAA" as const] : []),
    ];
    const answers = await Promise.all(types.map((type) => this.#query(name, type, first, signal)));
    const addresses = answers.flatMap((answer) =>
      answer.kind === "failure"
        ? []
        : answer.records.flatMap((record) => (record.kind === "address" ? [record.address] : [])),
    );
    if (addresses.length === 0) return worstOf(answers);
    const places = addresses.map((host) => ({ host, port: 0, priority: 0, weight: 0 }));
    return this.#found(places, Math.min(...answers.map(ttlOf)));
  }

  async #findService(name: string, signal: AbortSignal): Promise<NameAnswer> {
    const answer = await this.#query(name, "SRV", this.#takeServer(), signal);
    if (answer.kind === "failure") return answer;
    const services = answer.records.flatMap((record) =>
      record.kind === "service" ? [record] : [],
    );
    const targets = await Promise.all(
      services.slice(0, TARGETS_MAX).map(async ({ target, ...place }) => {
        const hosts = await this.#findTarget(target, signal);
        return { place, hosts };
      }),
    );
    const addresses = targets.flatMap(({ place: { port, priority, weight }, hosts }) =>
      hosts.kind === "failure"
        ? []
        : hosts.addresses.map(({ host }) => ({ host, port, priority, weight })),
    );
    const failures = targets.flatMap(({ hosts }) => (hosts.kind === "failure" ? [hosts] : []));
    if (addresses.length === 0) return worstOf(failures);
    const nowMs = this.#ports.clock.monotonicMs();
    const untilMs = targets.map(({ hosts }) =>
      hosts.kind === "found" ? hosts.validUntilMs : Infinity,
    );
    return this.#found(addresses, Math.min(answer.ttlSeconds, (Math.min(...untilMs) - nowMs) / MS));
  }

  /** "." as target: the service is not offered there (RFC 2782). */
  #findTarget(target: string, signal: AbortSignal): Promise<NameAnswer> {
    if (isIP(target) === 0 && isDnsName(target)) return this.#findHost(target, signal);
    return Promise.resolve({ kind: "failure", code: HOST_NOT_FOUND });
  }

  #found(addresses: readonly ResolvedAddress[], ttlSeconds: number): NameFound {
    const validMs = this.#config.validMs ?? ttlSeconds * MS;
    return { kind: "found", addresses, validUntilMs: this.#ports.clock.monotonicMs() + validMs };
  }

  #query(name: string, type: DnsType, first: number, signal: AbortSignal): Promise<QueryAnswer> {
    const { servers } = this.#config;
    return new NameQuery({ ...this.#ports, servers, first, signal }).run({ name, type });
  }

  #takeServer(): number {
    const place = this.#nextServer;
    this.#nextServer = (place + 1) % Math.max(1, this.#config.servers.length);
    return place;
  }
}

function ttlOf(answer: QueryAnswer): number {
  return answer.kind === "failure" ? Infinity : answer.ttlSeconds;
}

/** A server that fails may know the name the next time: that counts before "there is none". */
function worstOf(answers: readonly (QueryAnswer | NameAnswer)[]): NameFailure {
  const codes = answers.flatMap((answer) => (answer.kind === "failure" ? [answer.code] : []));
  const code = codes.find((one) => one !== HOST_NOT_FOUND) ?? HOST_NOT_FOUND;
  return { kind: "failure", code };
}
