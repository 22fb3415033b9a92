/**
 * Outgoing HTTP/1.1: undici's connection pools, one an origin, driven by its dispatch calls without streams or
 * promises of its own. Bodies go both ways as ByteStreams, each at the pace of its reader; header fields keep
 * order and repetition (RFC 9110 5.3). Redirects are an answer like any other. The only room of undici.
 */
import type { Readable } from "node:stream";
import { Agent, type Dispatcher, errors, ProxyAgent } from "undici";
import { AppError, messageOf, systemCodeOf } from "../errors/app-error.ts";
import type { ByteStream } from "./byte-stream.ts";
import type { HeaderField } from "./http1/header-field.ts";
import { isProxied, type OutgoingProxy } from "./outgoing-proxy.ts";
import { type OutgoingTls, tlsOptionsFor } from "./outgoing-tls.ts";
import { readableOf } from "./readable-bytes.ts";
import { ResponseReceiver } from "./response-receiver.ts";
import { splitUrl, type UrlParts } from "./url-parts.ts";

export interface OutgoingRequest {
  readonly method: string;
  /** Absolute http or https URL. */
  readonly url: string;
  /** Content-Length belongs to a stream of known length; without it a stream goes out in chunks. */
  readonly headers: readonly HeaderField[];
  readonly body: ByteStream | Buffer | undefined;
  /** Until the head of the response is there, in milliseconds. Default: the client's. */
  readonly timeoutMs?: number | undefined;
  /** The connection serves no other request after this one. Default: it may. */
  readonly closes?: boolean | undefined;
  /** The request line holds the whole URL. Default: path and query. */
  readonly absoluteTarget?: boolean | undefined;
  /** The connection ends with the response; the request line still says 1.1, which a server of 1.0 takes. */
  readonly httpVersion?: "1.0" | undefined;
}

export interface IncomingResponse {
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly HeaderField[];
  /** Must be read to its end or discarded. */
  readonly body: ByteStream;
}

/** Why there was no response. */
export type HttpFailureKind = "refused" | "connect-timeout" | "timeout" | "closed" | "protocol";

/** A request that got no response. */
export class HttpFailure extends AppError {
  readonly kind: HttpFailureKind;

  constructor(kind: HttpFailureKind, message: string, cause: unknown) {
    const retryable = kind === "refused" || kind === "connect-timeout";
    super("UPSTREAM_FAILED", message, { side: "upstream", retryable, cause });
    this.name = "HttpFailure";
    this.kind = kind;
  }
}

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
  /** Largest head of a response in bytes. Default: 64 KB. */
  readonly headBytesMax?: number;
  /** Default: the public authorities, host names are checked. */
  readonly tls?: OutgoingTls | undefined;
  /** Default: every origin is called directly. */
  readonly proxy?: OutgoingProxy | undefined;
}

const REFUSED_CODES = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
]);
const TIMEOUT_CODES = new Set(["UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT", "ETIMEDOUT"]);

/** Addresses whose parts are remembered. */
const KNOWN_URLS_MAX = 1_000;

export class HttpClient {
  readonly #options: HttpClientOptions;
  readonly #agent: Agent;
  readonly #proxyAgent: ProxyAgent | undefined;
  /** Servers with TLS options of their own, by "host:port". */
  readonly #profiled = new Map<string, Agent>();
  readonly #urls = new Map<string, UrlParts>();

  constructor(options: HttpClientOptions = {}) {
    this.#options = options;
    this.#agent = new Agent(this.#agentOptions(undefined));
    const { proxy } = options;
    if (proxy) {
      const uri = `http://${proxy.host}:${proxy.port}`;
      const own = this.#agentOptions(undefined);
      const requestTls = options.tls ? tlsOptionsFor(options.tls, undefined) : {};
      this.#proxyAgent = new ProxyAgent({ ...own, uri, requestTls, proxyTunnel: false });
    }
  }

  /** Resolves with the head of the response; the body may still be coming. @throws HttpFailure when there is none. */
  send(outgoing: OutgoingRequest): Promise<IncomingResponse> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingResponse>();
    const receiver = new ResponseReceiver(resolve, (error) =>
      reject(failureOf(outgoing.url, error)),
    );
    try {
      const { origin, path, authority, authorization } = this.#partsOf(outgoing.url);
      const { timeoutMs, absoluteTarget } = outgoing;
      const closes = outgoing.closes === true || outgoing.httpVersion === "1.0";
      const headers = flatHeaders(outgoing.headers, authorization);
      this.#dispatcherFor(origin, authority).dispatch(
        {
          origin,
          path: absoluteTarget === true ? `${origin}${path}` : path,
          method: outgoing.method,
          headers,
          body: outgoingBody(outgoing.body),
          ...(closes ? { reset: true } : {}),
          ...(timeoutMs === undefined ? {} : { headersTimeout: timeoutMs }),
        },
        receiver,
      );
    } catch (error) {
      // Undici throws for what it does not send: a method, path or field that HTTP does not allow.
      if (outgoing.body && !Buffer.isBuffer(outgoing.body)) outgoing.body.discard();
      reject(failureOf(outgoing.url, error));
    }
    return promise;
  }

  /** Ends all connections at once. */
  async close(): Promise<void> {
    const agents = [this.#agent, ...this.#profiled.values()];
    await Promise.all(agents.map((agent) => agent.destroy()));
    await this.#proxyAgent?.destroy();
  }

  #dispatcherFor(origin: string, authority: string): Dispatcher {
    const { proxy, tls } = this.#options;
    if (this.#proxyAgent && proxy && isProxied(proxy, authority)) return this.#proxyAgent;
    if (tls === undefined || !origin.startsWith("https:")) return this.#agent;
    if (!tls.profiles.has(authority)) return this.#agent;
    const known = this.#profiled.get(authority);
    if (known) return known;
    const agent = new Agent(this.#agentOptions(authority));
    this.#profiled.set(authority, agent);
    return agent;
  }

  #agentOptions(authority: string | undefined): Agent.Options {
    const {
      connectTimeoutMs = 10_000,
      headersTimeoutMs = 120_000,
      bodyTimeoutMs = 180_000,
      keepAliveMs = 15_000,
      connectionsMax = 1_024,
      headBytesMax = 64 * 1024,
      tls,
    } = this.#options;
    return {
      headersTimeout: headersTimeoutMs,
      bodyTimeout: bodyTimeoutMs,
      keepAliveTimeout: keepAliveMs,
      connections: connectionsMax,
      maxHeaderSize: headBytesMax,
      allowH2: false,
      connect: { timeout: connectTimeoutMs, ...(tls ? tlsOptionsFor(tls, authority) : {}) },
    };
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

function failureOf(url: string, error: unknown): HttpFailure {
  return new HttpFailure(failureKind(error), `${withoutUserInfo(url)}: ${messageOf(error)}`, error);
}

/** A password in an address is no text for a log. */
function withoutUserInfo(url: string): string {
  return url.replace(/^(https?:\/\/)[^/?#]*@/i, "$1");
}

function failureKind(error: unknown): HttpFailureKind {
  const code = systemCodeOf(error) ?? "";
  if (code === "UND_ERR_CONNECT_TIMEOUT") return "connect-timeout";
  if (REFUSED_CODES.has(code)) return "refused";
  if (TIMEOUT_CODES.has(code)) return "timeout";
  const isProtocol =
    error instanceof errors.HTTPParserError ||
    error instanceof errors.HeadersOverflowError ||
    error instanceof errors.InvalidArgumentError ||
    error instanceof TypeError;
  return isProtocol ? "protocol" : "closed";
}
