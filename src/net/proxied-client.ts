/**
 * Calls through a forward proxy, by undici: its tunnels and absolute addresses. Loaded by http-client.ts where a proxy is
 * configured. The only room of undici.
 */
import type { Readable } from "node:stream";
import { errors, ProxyAgent } from "undici";
import { systemCodeOf } from "../errors/app-error.ts";
import type { ByteStream } from "./byte-stream.ts";
import type { HeaderField } from "./http1/header-field.ts";
import type { OutgoingProxy } from "./outgoing-proxy.ts";
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
import type { UrlParts } from "./url-parts.ts";

const TIMEOUT_CODES = new Set(["UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT"]);

/** Milliseconds, connections and bytes, as HttpClientOptions has them. */
export interface ProxiedLimits {
  readonly connectTimeoutMs: number;
  readonly headersTimeoutMs: number;
  readonly bodyTimeoutMs: number;
  readonly keepAliveMs: number;
  readonly connectionsMax: number;
  readonly headBytesMax: number;
}

export class ProxiedClient {
  readonly #agent: ProxyAgent;

  constructor(proxy: OutgoingProxy, limits: ProxiedLimits, tls: OutgoingTls | undefined) {
    this.#agent = proxyAgent(proxy, limits, tls);
  }

  /** Resolves with the head of the response. @throws HttpFailure; whatever undici throws for what HTTP does not allow. */
  send(outgoing: OutgoingRequest, parts: UrlParts): Promise<IncomingResponse> {
    return sendByProxy(this.#agent, outgoing, parts);
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }
}

function proxyAgent(
  { host, port }: OutgoingProxy,
  limits: ProxiedLimits,
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
