/**
 * A service port of a worker (8280, 8243): HTTP/1.1 in, `Engine.handle`, HTTP/1.1 out. Each request is
 * answered by the generation that was current when its head arrived, so a deploy never splits a request.
 */
import { CONNECTION_FIELDS } from "../net/connection-fields.ts";
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";
import type { ServiceListenerConfig } from "../config/node-config.ts";
import { AppError, messageOf, systemCodeOf } from "../errors/app-error.ts";
import type { AddressPrefixes, Engine, HeaderList, ServiceResponse } from "../mediation/engine.ts";
import { readServerIdentity } from "../net/tls/tls-files.ts";
import type { Log } from "../observability/log.ts";
import type { Closable } from "../runtime/lifecycle.ts";

export interface ServiceListenerOptions {
  readonly config: ServiceListenerConfig;
  /** Where services can be reached on all of the node's listeners. */
  readonly addressPrefixes: AddressPrefixes;
  /** The generation for the next request; undefined while none has been deployed. */
  readonly currentEngine: () => Engine | undefined;
  readonly log: Log;
}

/** Slow heads and bodies cost a bounded time: head 30 s, whole request 10 min. */
const HEAD_TIMEOUT_MS = 30_000;
const REQUEST_TIMEOUT_MS = 600_000;
/** Longer than the gateway keeps idle connections, so that the gateway closes first. */
const KEEP_ALIVE_TIMEOUT_MS = 75_000;

export class ServiceListener implements Closable {
  readonly #options: ServiceListenerOptions;
  readonly #server: Server;
  #closing = false;

  private constructor(options: ServiceListenerOptions, server: Server) {
    this.#options = options;
    this.#server = server;
  }

  /** Binds and listens. @throws AppError PORT_BUSY, TLS_MATERIAL. */
  static async start(options: ServiceListenerOptions): Promise<ServiceListener> {
    const { config } = options;
    const limits = {
      headersTimeout: HEAD_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    };
    const server = config.tls
      ? createTlsServer({ ...readServerIdentity(config.tls), ...limits })
      : createServer(limits);
    const listener = new ServiceListener(options, server);
    server.on("request", (request, response) => void listener.#answer(request, response));
    await listen(server, config.port, config.bindAddress);
    const word = config.scheme === "https" ? "HTTPS" : "HTTP";
    options.log.info(
      `Pass-through ${word} Listener started on ${config.bindAddress}:${listener.port}`,
    );
    return listener;
  }

  /** The bound port. */
  get port(): number {
    return portOf(this.#server);
  }

  /** Takes no new connections, lets running requests finish, then resolves. */
  close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#closing = true;
    this.#server.close(() => resolve());
    this.#server.closeIdleConnections();
    return promise;
  }

  /** A kept connection would hold a stop up until its idle time is over. */
  #endConnectionWhenClosing(response: ServerResponse): void {
    if (this.#closing) response.shouldKeepAlive = false;
    response.once("close", () => {
      if (this.#closing) setImmediate(() => this.#server.closeIdleConnections());
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const engine = this.#options.currentEngine();
    if (!engine) {
      response.writeHead(503, { "Content-Type": "text/plain", "Retry-After": "1" });
      response.end("This worker has not received its first revision yet.\n");
      return;
    }
    try {
      const answer = await engine.handle({
        method: request.method ?? "GET",
        target: request.url ?? "/",
        headers: pairsOf(request.rawHeaders),
        body: hasBody(request) ? request : undefined,
        transport: this.#options.config.scheme,
        remoteAddress: request.socket.remoteAddress ?? "",
        addressPrefixes: this.#options.addressPrefixes,
      });
      this.#endConnectionWhenClosing(response);
      await write(answer, response);
    } catch (error) {
      // The client went away, or the body of the answer broke off: the connection cannot be used again.
      if (!request.destroyed) this.#options.log.debug(`answer broke off: ${messageOf(error)}`);
      response.destroy();
    }
  }
}

/** Binds a server. @throws AppError PORT_BUSY with the address, or the system's error. */
export async function listen(server: Server, port: number, host: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen({ port, host }, resolve);
  try {
    await promise;
  } catch (cause) {
    if (systemCodeOf(cause) !== "EADDRINUSE") throw cause;
    const sentence = `port ${port} on ${host} is taken by another process; change the port offset (-DportOffset=N or Ports/Offset in carbon.xml)`;
    throw new AppError("PORT_BUSY", sentence, { side: "config", cause });
  }
}

/** The port that a listening server has. */
export function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  return typeof address === "object" && address ? address.port : 0;
}

/** RFC 9112, section 6.3: a request has a body exactly when one of these headers is there. */
function hasBody(request: IncomingMessage): boolean {
  const { headers } = request;
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

function pairsOf(raw: readonly string[]): HeaderList {
  const pairs: (readonly [string, string])[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    pairs.push([raw[index] ?? "", raw[index + 1] ?? ""]);
  }
  return pairs;
}

async function write(answer: ServiceResponse, response: ServerResponse): Promise<void> {
  const reason = reasonOf(answer);
  const raw = answer.headers
    .filter(([name]) => !CONNECTION_FIELDS.has(name.toLowerCase()))
    .filter(([name]) => !Buffer.isBuffer(answer.body) || name.toLowerCase() !== "content-length")
    .flat();
  if (answer.body === undefined || Buffer.isBuffer(answer.body)) {
    const length = answer.body?.length ?? 0;
    const framing =
      answer.status === 204 || answer.status === 304 ? [] : ["Content-Length", String(length)];
    const own = answer.body === undefined && hasLength(raw) ? [] : framing;
    response.writeHead(answer.status, reason, [...raw, ...own]);
    response.end(answer.body);
    return;
  }
  response.writeHead(answer.status, reason, raw);
  await pipeline(answer.body, response);
}

/** The standard phrase where the answer has none of its own: some clients do not take an empty one. */
function reasonOf({ status, reason = "" }: ServiceResponse): string {
  return reason.trim() === "" ? (STATUS_CODES[status] ?? "Unknown") : reason;
}

/** An answer to HEAD carries the length of the body that it leaves out. */
function hasLength(raw: readonly string[]): boolean {
  return raw.some((name, index) => index % 2 === 0 && name.toLowerCase() === "content-length");
}
