/**
 * Outgoing HTTP/1.1. Origins are called over pools of our own (direct-client.ts); what goes through a forward proxy is
 * undici's. Bodies go both ways as ByteStreams, each at the pace of its reader; header fields keep order and
 * repetition (RFC 9110 5.3). Redirects are an answer like any other. The only room of undici.
 */
import type { Readable } from "node:stream";
import { errors, ProxyAgent } from "undici";
import { systemCodeOf } from "../errors/app-error.ts";
import type { Clock } from "../runtime/clock.ts";
import type { ByteStream } from "./byte-stream.ts";
import { DirectClient } from "./direct-client.ts";
import type { HeaderField } from "./http1/header-field.ts";
import { isProxied, type OutgoingProxy } from "./outgoing-proxy.ts";
import {
  HttpFailure,
  type HttpFailureKind,
  type IncomingResponse,
  kindOfSystemError,
  type OutgoingRequest,
} from "./outgoing-request.ts";
import { type OutgoingTls, tlsOptionsFor } from "./outgoing-tls.ts";
import { readableOf } from "./readable-bytes.ts";
import { ResponseReceiver } from "./response-receiver.ts";
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

const TIMEOUT_CODES = new Set(["UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT"]);

/** Addresses whose parts are remembered. */
const KNOWN_URLS_MAX = 1_000;

export class HttpClient {
  readonly #direct: DirectClient;
  readonly #proxy: OutgoingProxy | undefined;
  readonly #proxyAgent: ProxyAgent | undefined;
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
    this.#proxyAgent = proxy && proxyAgent(proxy, limits, tls);
  }

  /** Resolves with the head of the response; the body may still be coming. @throws HttpFailure when there is none. */
  send(outgoing: OutgoingRequest): Promise<IncomingResponse> {
    try {
      const parts = this.#partsOf(outgoing.url);
      const agent = this.#proxyAgent;
      const isDirect = !agent || !this.#proxy || !isProxied(this.#proxy, parts.authority);
      return isDirect ? this.#direct.send(outgoing, parts) : sendByProxy(agent, outgoing, parts);
    } catch (error) {
      // Thrown for what is not sent: a method, address or field that HTTP does not allow.
      if (outgoing.body && !Buffer.isBuffer(outgoing.body)) outgoing.body.discard();
      return Promise.reject(HttpFailure.of("protocol", outgoing.url, error));
    }
  }

  /** Ends all connections at once. */
  async close(): Promise<void> {
    this.#direct.close();
    await this.#proxyAgent?.destroy();
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

function proxyAgent(
  { host, port }: OutgoingProxy,
  limits: Required<Omit<HttpClientOptions, "tls" | "proxy" | "clock" | "queueMax">>,
  tls: OutgoingTls | undefined,
): ProxyAgent {
  const requestTls = tls ? tlsOptionsFor(tls, undefined) : {};
  return new ProxyAgent({
    uri: `http://${host}:${port}`,
    headersTimeout: limits.headersTimeoutMs,
    bodyTimeout: limits.bodyTimeoutMs,
    keepAliveTimeout: limits.keepAliveMs,
    connections: limits.connectionsMax,
    maxHeaderSize: limits.headBytesMax,
    allowH2: false,
    connect: { timeout: limits.connectTimeoutMs, ...requestTls },
    requestTls,
    proxyTunnel: false,
  });
}

/** The request line of HTTP/1.0 is not to be had here: a proxy speaks its own version to the server anyway. */
function sendByProxy(
  agent: ProxyAgent,
  outgoing: OutgoingRequest,
  { origin, path, authorization }: UrlParts,
): Promise<IncomingResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingResponse>();
  const { method, url, timeoutMs, absoluteTarget } = outgoing;
  const closes = outgoing.closes === true || outgoing.httpVersion === "1.0";
  const receiver = new ResponseReceiver(resolve, (error) =>
    reject(HttpFailure.of(failureKind(error), url, error)),
  );
  agent.dispatch(
    {
      origin,
      path: absoluteTarget === true ? `${origin}${path}` : path,
      method,
      headers: flatHeaders(outgoing.headers, authorization),
      body: outgoingBody(outgoing.body),
      ...(closes ? { reset: true } : {}),
      ...(timeoutMs === undefined ? {} : { headersTimeout: timeoutMs }),
    },
    receiver,
  );
  return promise;
}

function outgoingBody(body: ByteStream | Buffer | undefined): Buffer | Readable | null {
  if (body === undefined) return null;
  if (Buffer.isBuffer(body)) return body;
  return body.takeWhole() ?? readableOf(body);
}

function flatHeaders(fields: readonly HeaderField[], authorization: string | undefined): string[] {
  const flat: string[] = [];
  for (const field of fields) flat.push(field[0], field[1]);
  if (authorization === undefined) return flat;
  const isGiven = fields.some(([name]) => name.toLowerCase() === "authorization");
  return isGiven ? flat : [...flat, "authorization", authorization];
}

function failureKind(error: unknown): HttpFailureKind {
  const code = systemCodeOf(error) ?? "";
  if (code === "UND_ERR_CONNECT_TIMEOUT") return "connect-timeout";
  if (TIMEOUT_CODES.has(code)) return "timeout";
  const isProtocol =
    error instanceof errors.HTTPParserError ||
    error instanceof errors.HeadersOverflowError ||
    error instanceof errors.InvalidArgumentError ||
    error instanceof TypeError;
  return isProtocol ? "protocol" : kindOfSystemError(error);
}
