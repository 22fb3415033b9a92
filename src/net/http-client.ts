/**
 * Outgoing HTTP/1.1. Origins are called over pools of our own (direct-client.ts); what goes through a forward proxy is
 * undici's (proxied-client.ts). Bodies go both ways as ByteStreams, each at the pace of its reader; header fields keep order and
 * repetition (RFC 9110 5.3). Redirects are an answer like any other.
 */
import type { Clock } from "../runtime/clock.ts";
import { DirectClient } from "./direct-client.ts";
import { isProxied, type OutgoingProxy } from "./outgoing-proxy.ts";
import { HttpFailure, type IncomingResponse, type OutgoingRequest } from "./outgoing-request.ts";
import type { OutgoingTls } from "./outgoing-tls.ts";
import type { ProxiedClient } from "./proxied-client.ts";
import { splitUrl, type UrlParts } from "./url-parts.ts";

export interface HttpClientOptions {
  /** Time for the connection to be made. Default: 10 s. */
  readonly connectTimeoutMs?: number;
  /** Time until the head of the response. Default: 120 s, the global time-out of WSO2 EI. */
  readonly headersTimeoutMs?: number;
  /** Time between two pieces of a response. Default: 180 s, http.socket.timeout of WSO2 EI. */
  readonly bodyTimeoutMs?: number;
  /** How long an idle connection is kept, unless the server says less. Default: 15 s. */
  readonly keepAliveMs?: number;
  /** Most connections to one origin; further requests wait for one. Default: 1024. */
  readonly connectionsMax?: number;
  /** Most requests to one origin that wait for a connection; more fail at once. Default: 5000. */
  readonly queueMax?: number;
  /** Largest head of a response in bytes. Default: 64 KB. */
  readonly headBytesMax?: number;
  /** Default: the public authorities, host names are checked. */
  readonly tls?: OutgoingTls | undefined;
  /** Default: every origin is called directly. */
  readonly proxy?: OutgoingProxy | undefined;
  /** Default: the clock of the machine. */
  readonly clock?: Clock;
}

/** Addresses whose parts are remembered. */
const KNOWN_URLS_MAX = 1_000;

export class HttpClient {
  readonly #direct: DirectClient;
  readonly #proxy: OutgoingProxy | undefined;
  /** Its library is loaded only where a proxy is configured. */
  readonly #proxied: Promise<ProxiedClient> | undefined;
  readonly #urls = new Map<string, UrlParts>();

  constructor(options: HttpClientOptions = {}) {
    const {
      connectTimeoutMs = 10_000,
      headersTimeoutMs = 120_000,
      bodyTimeoutMs = 180_000,
      keepAliveMs = 15_000,
      connectionsMax = 1_024,
      queueMax = 5_000,
      headBytesMax = 64 * 1024,
      tls,
      proxy,
      clock,
    } = options;
    const times = { connectTimeoutMs, headersTimeoutMs, bodyTimeoutMs, keepAliveMs };
    const limits = { ...times, connectionsMax, queueMax, headBytesMax };
    this.#direct = new DirectClient({ ...limits, tls, clock });
    this.#proxy = proxy;
    this.#proxied =
      proxy &&
      import("./proxied-client.ts").then((room) => new room.ProxiedClient(proxy, limits, tls));
    // An address that cannot be one is told by each call.
    this.#proxied?.catch(() => {});
  }

  /** Resolves with the head of the response; the body may still be coming. @throws HttpFailure when there is none. */
  send(outgoing: OutgoingRequest): Promise<IncomingResponse> {
    try {
      const parts = this.#partsOf(outgoing.url);
      const isDirect = !this.#proxied || !this.#proxy || !isProxied(this.#proxy, parts.authority);
      if (isDirect) return this.#direct.send(outgoing, parts);
      return this.#sendByProxy(this.#proxied, outgoing, parts);
    } catch (error) {
      return notSent(outgoing, error);
    }
  }

  /** Ends all connections at once. */
  async close(): Promise<void> {
    this.#direct.close();
    const proxied = await this.#proxied?.catch(() => undefined);
    await proxied?.close();
  }

  async #sendByProxy(
    proxied: Promise<ProxiedClient>,
    outgoing: OutgoingRequest,
    parts: UrlParts,
  ): Promise<IncomingResponse> {
    let answered: Promise<IncomingResponse>;
    try {
      const client = await proxied;
      answered = client.send(outgoing, parts);
    } catch (error) {
      return notSent(outgoing, error);
    }
    return answered;
  }

  #partsOf(url: string): UrlParts {
    const known = this.#urls.get(url);
    if (known) return known;
    const parts = splitUrl(url);
    if (this.#urls.size >= KNOWN_URLS_MAX) this.#urls.clear();
    this.#urls.set(url, parts);
    return parts;
  }
}

/** For what is not sent: a method, address or field that HTTP does not allow. */
function notSent(outgoing: OutgoingRequest, error: unknown): Promise<never> {
  if (outgoing.body && !Buffer.isBuffer(outgoing.body)) outgoing.body.discard();
  return Promise.reject(HttpFailure.of("protocol", outgoing.url, error));
}
