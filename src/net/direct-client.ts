/**
 * Requests that go to their origin without a proxy between: a pool an origin over the HTTP/1.1 codec that the gateway
 * uses towards its peers, TLS with what the node or the server's profile says. Used by http-client.ts.
 */
import { isIP, type Socket } from "node:net";
import { type ConnectionOptions, createSecureContext } from "node:tls";
import { systemClock, type Clock } from "../runtime/clock.ts";
import { ClientExchange, type ExchangeLimits } from "./client-exchange.ts";
import type { Receive } from "./http1/accepted-connection.ts";
import { firstValue } from "./http1/header-field.ts";
import { OriginPool } from "./http1/origin-pool.ts";
import { outgoingHead, type OutgoingLength } from "./http1/outgoing-head.ts";
import { SocketReads } from "./http1/shared-reads.ts";
import { TimerWheel } from "./http1/timer-wheel.ts";
import type { IncomingResponse, OutgoingRequest } from "./outgoing-request.ts";
import { type OutgoingTls, tlsOptionsFor } from "./outgoing-tls.ts";
import type { UrlParts } from "./url-parts.ts";

/** Times in milliseconds. */
export interface DirectClientOptions extends ExchangeLimits {
  readonly headersTimeoutMs: number;
  readonly keepAliveMs: number;
  /** To one origin. */
  readonly connectionsMax: number;
  /** Requests to one origin that wait for a connection. */
  readonly queueMax: number;
  readonly tls: OutgoingTls | undefined;
  /** Default: the clock of the machine. */
  readonly clock?: Clock | undefined;
}

/** A connection that nobody hears of for so long is asked whether it is there. */
const PROBE_AFTER_MS = 60_000;
/** A name that leads elsewhere by now is noticed within this time, however busy its connections are. */
const AGE_MS = 5 * 60_000;

export class DirectClient {
  readonly #options: DirectClientOptions;
  readonly #wheel: TimerWheel;
  readonly #reads = SocketReads.connecting();
  /** By origin. */
  readonly #pools = new Map<string, OriginPool>();
  /** What all connections of one profile share; the key "" is for those without one. */
  readonly #tls = new Map<string, ConnectionOptions>();
  #closed = false;

  constructor(options: DirectClientOptions) {
    this.#options = options;
    this.#wheel = new TimerWheel(options.clock ?? systemClock);
  }

  /** As HttpClient.send. @throws TypeError for what HTTP does not allow. */
  send(outgoing: OutgoingRequest, parts: UrlParts): Promise<IncomingResponse> {
    if (this.#closed) throw new TypeError("the client was closed");
    const { method, url, httpVersion: version = "1.1", absoluteTarget } = outgoing;
    const body =
      outgoing.body && !Buffer.isBuffer(outgoing.body)
        ? (outgoing.body.takeWhole() ?? outgoing.body)
        : outgoing.body;
    const length = lengthOf(outgoing, body);
    const closes = outgoing.closes === true || version === "1.0";
    const { origin, path, authorization } = parts;
    const head = outgoingHead({
      method,
      target: absoluteTarget === true ? `${origin}${path}` : path,
      version,
      host: origin.slice(origin.indexOf("/") + 2),
      fields: outgoing.headers,
      authorization,
      length,
      closes,
    });
    const { promise, resolve, reject } = Promise.withResolvers<IncomingResponse>();
    const headTimeoutMs = outgoing.timeoutMs ?? this.#options.headersTimeoutMs;
    const request = { url, method, head, body, length, closes, headTimeoutMs };
    const options = { limits: this.#options, end: { resolve, reject }, wheel: this.#wheel };
    new ClientExchange(request, this.#poolOf(parts), options).start();
    return promise;
  }

  /** Ends all connections at once. */
  close(): void {
    this.#closed = true;
    for (const pool of this.#pools.values()) pool.close();
    this.#pools.clear();
  }

  #poolOf({ origin, authority }: UrlParts): OriginPool {
    const known = this.#pools.get(origin);
    if (known) return known;
    const { connectionsMax, queueMax, keepAliveMs } = this.#options;
    const isSecure = origin.startsWith("https:");
    const pool: OriginPool = new OriginPool({
      wheel: this.#wheel,
      isSecure,
      slabs: this.#reads.slabs,
      open: isSecure ? this.#secureOpener(authority) : this.#plainOpener(authority),
      connectionsMax,
      queueMax,
      idleMs: keepAliveMs,
      ageMs: AGE_MS,
      onEmpty: () => {
        if (this.#pools.get(origin) === pool) this.#pools.delete(origin);
      },
    });
    this.#pools.set(origin, pool);
    return pool;
  }

  #plainOpener(authority: string): (receive: Receive) => Socket {
    const place = placeOf(authority);
    return (receive) => this.#reads.connect(place, receive);
  }

  /** The last session of the origin makes the next handshake cheaper. */
  #secureOpener(authority: string): (receive: Receive) => Socket {
    const place = placeOf(authority);
    const options: ConnectionOptions = {
      ...place,
      ...this.#tlsOf(authority),
      ALPNProtocols: ["http/1.1"],
      // An address is no name for SNI (RFC 6066, 3).
      servername: isIP(place.host) === 0 ? place.host : "",
    };
    let session: Buffer | undefined;
    return (receive) => {
      const socket = this.#reads.connectTls(session ? { ...options, session } : options, receive);
      socket.setNoDelay(true);
      socket.on("session", (fresh: Buffer) => {
        session = fresh;
      });
      return socket;
    };
  }

  /** Authorities are read once, not with each connection. */
  #tlsOf(authority: string): ConnectionOptions {
    const { tls } = this.#options;
    if (!tls) return {};
    const key = tls.profiles.has(authority) ? authority : "";
    const known = this.#tls.get(key);
    if (known) return known;
    const { checkServerIdentity, ...material } = tlsOptionsFor(tls, authority);
    const options = {
      secureContext: createSecureContext(material),
      ...(checkServerIdentity ? { checkServerIdentity } : {}),
    };
    this.#tls.set(key, options);
    return options;
  }
}

function placeOf(authority: string) {
  const colon = authority.lastIndexOf(":");
  return {
    // IPv6 stands in brackets in a URL.
    host: authority.slice(0, colon).replace(/^\[(.*)\]$/, "$1"),
    port: Number(authority.slice(colon + 1)),
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: PROBE_AFTER_MS,
    allowHalfOpen: true,
  };
}

/** What the head is to say: the length of bytes that are here, and of a stream what its sender says. */
function lengthOf(
  { headers, httpVersion }: OutgoingRequest,
  body: OutgoingRequest["body"],
): OutgoingLength {
  if (body === undefined) return undefined;
  if (Buffer.isBuffer(body)) return body.length;
  const told = firstValue(headers, "content-length");
  if (told === undefined) {
    if (httpVersion !== "1.0") return "chunked";
    throw new TypeError("a request of HTTP/1.0 needs a body of known length");
  }
  if (!/^\d{1,15}$/.test(told)) throw new TypeError(`Content-Length: ${told.slice(0, 100)}`);
  return Number(told);
}
