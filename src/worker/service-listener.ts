/**
 * A service port of a worker (8280, 8243): HTTP/1.1 in, `Engine.handle`, HTTP/1.1 out. Each request is
 * answered by the generation that was current when its head arrived, so a deploy never splits a request.
 */
import type { ServiceListenerConfig } from "../config/node-config.ts";
import type { AddressPrefixes, Engine } from "../mediation/engine.ts";
import type { ConnectionLimits } from "../net/http1/connection-limits.ts";
import { HttpListener } from "../net/http1/http-listener.ts";
import type { ServerExchange } from "../net/http1/server-exchange.ts";
import { SocketReads } from "../net/http1/shared-reads.ts";
import { TimerWheel } from "../net/http1/timer-wheel.ts";
import { readServerIdentity } from "../net/tls/tls-files.ts";
import type { Log } from "../observability/log.ts";
import { type Clock, systemClock } from "../runtime/clock.ts";
import type { Closable } from "../runtime/lifecycle.ts";
import { MessagesInFlight } from "./messages-in-flight.ts";
import { ServiceExchange, type ServiceExchangeOptions } from "./service-exchange.ts";

export interface ServiceListenerOptions {
  readonly config: ServiceListenerConfig;
  /** Where services can be reached on all of the node's listeners. */
  readonly addressPrefixes: AddressPrefixes;
  /** The generation for the next request; undefined while none has been deployed. */
  readonly currentEngine: () => Pick<Engine, "handle"> | undefined;
  readonly log: Log;
  /** Shared by the listeners of a node. Default: a bound of its own. */
  readonly inFlight?: MessagesInFlight;
  /** Default: the clock of the machine. */
  readonly clock?: Clock;
  /** Shared by the listeners of a node. Default: found out at the start. */
  readonly reads?: SocketReads;
}

/** Most connections of one port. */
const CONNECTIONS_MAX = 20_000;

/** Times of WSO2's pass-through listener where it has any; the rest costs slow clients a bounded time. */
const LIMITS: ConnectionLimits = {
  head: {
    firstBufferBytes: 8 * 1024,
    largeBufferBytes: 32 * 1024,
    largeBufferCount: 4,
    fieldsMax: 500,
    keepsOddNames: true,
  },
  headerTimeoutMs: 30_000,
  bodyTimeoutMs: 180_000,
  sendTimeoutMs: 180_000,
  // Longer than the gateway keeps idle connections, so that the gateway closes first.
  keepaliveTimeoutMs: 75_000,
  keepaliveToldSeconds: 0,
  keepaliveRequests: Number.MAX_SAFE_INTEGER,
  keepaliveTimeMs: 24 * 3_600_000,
  lingering: "on",
  lingeringTimeMs: 30_000,
  lingeringTimeoutMs: 5_000,
};

/** Statuses that only nginx has, as everybody else knows them (RFC 9110 15.5, RFC 6585 5). */
const STATUS_OF_FAULT: Readonly<Record<number, number>> = { 494: 431, 497: 400 };

export class ServiceListener implements Closable {
  readonly #options: ServiceListenerOptions;
  readonly #inFlight: MessagesInFlight;
  readonly #exchangeOptions: ServiceExchangeOptions;
  #listener: HttpListener | undefined;

  private constructor(options: ServiceListenerOptions, clock: Clock) {
    const { config, addressPrefixes, inFlight = new MessagesInFlight() } = options;
    this.#options = options;
    this.#inFlight = inFlight;
    this.#exchangeOptions = {
      facts: { transport: config.scheme, addressPrefixes },
      date: dateOf(clock),
      onDone: () => inFlight.leave(),
    };
  }

  /** Binds and listens. @throws AppError PORT_BUSY, TLS_MATERIAL. */
  static async start(options: ServiceListenerOptions): Promise<ServiceListener> {
    const { config, log, clock = systemClock } = options;
    const listener = new ServiceListener(options, clock);
    const http = await HttpListener.start({
      host: config.bindAddress,
      port: config.port,
      tls: config.tls ? readServerIdentity(config.tls) : undefined,
      wheel: new TimerWheel(clock),
      reads: options.reads ?? (await SocketReads.probe()),
      limits: LIMITS,
      connectionsMax: CONNECTIONS_MAX,
      onRequest: (exchange) => listener.#take(exchange),
      onFault: (sentence) => log.debug(sentence),
    });
    listener.#listener = http;
    const word = config.scheme === "https" ? "HTTPS" : "HTTP";
    log.info(`Pass-through ${word} Listener started on ${config.bindAddress}:${http.port}`);
    return listener;
  }

  /** The bound port. */
  get port(): number {
    return this.#listener?.port ?? 0;
  }

  /** Connections and requests that have come so far. */
  get arrivals(): number {
    return this.#listener?.arrivals ?? 0;
  }

  /** Answers as before, and lets each connection end with its next response. */
  leave(): void {
    this.#listener?.leave();
  }

  /** Takes no new connections, lets running requests finish, then resolves. */
  async close(): Promise<void> {
    await this.#listener?.close();
  }

  #take(exchange: ServerExchange): void {
    if (!this.#inFlight.enter()) return this.#refuseFull(exchange);
    const service = new ServiceExchange(exchange, this.#exchangeOptions);
    const { fault } = exchange.head;
    const engine = this.#options.currentEngine();
    if (fault) {
      this.#options.log.debug(fault.sentence);
      const status = STATUS_OF_FAULT[fault.status] ?? fault.status;
      return service.refuse(status, [], `${fault.sentence}\n`);
    }
    if (engine) return service.run(engine);
    const sentence = "This worker has not received its first revision yet.\n";
    service.refuse(503, [["Retry-After", "1"]], sentence);
  }

  #refuseFull(exchange: ServerExchange): void {
    const { max } = this.#inFlight;
    this.#options.log.warn(`${max} messages are in progress: a request was answered with 503`);
    const options = { ...this.#exchangeOptions, onDone: () => {} };
    const sentence = `This worker has ${max} messages in progress. Try again.\n`;
    new ServiceExchange(exchange, options).refuse(503, [["Retry-After", "1"]], sentence);
  }
}

/** The value of Date fields, made once a second (RFC 9110 6.6.1). */
function dateOf(clock: Clock): () => string {
  let second = -1;
  let text = "";
  return () => {
    const wallMs = clock.wallMs();
    const now = Math.floor(wallMs / 1000);
    if (now !== second) {
      second = now;
      text = new Date(wallMs).toUTCString();
    }
    return text;
  };
}
