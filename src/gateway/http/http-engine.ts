/**
 * Node's HTTP/1.1 server without a socket of its own: it is given accepted connections, ends TLS with the
 * certificate that SNI asks for, and turns each request into an Exchange. One engine per listening
 * address; `configure` changes what it does with the next handshake and the next request.
 */
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server as HttpServer,
  type ServerResponse,
} from "node:http";
import { createServer as createHttpsServer, type Server as HttpsServer } from "node:https";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type SecureContext, TLSSocket } from "node:tls";
import type { AddressConfig } from "../gateway-config.ts";
import { systemCodeOf } from "../../errors/app-error.ts";
import { renderErrorPage } from "./error-page.ts";
import type { ConnectionFacts } from "./exchange.ts";
import type { ListenerServices } from "./listener.ts";
import { NodeExchange, responseFor } from "./node-exchange.ts";
import { RequestTurns } from "./request-turns.ts";
import { reasonOf } from "./status-reasons.ts";

/** Longest request head, in bytes: nginx's four large buffers. */
const HEAD_BYTES_MAX = 32 * 1024;
/** How often heads that do not come to an end are looked for. */
const HEAD_CHECK_INTERVAL_MS = 1_000;

const ENGINE_OPTIONS = {
  maxHeaderSize: HEAD_BYTES_MAX,
  requestTimeout: 0,
  // A missing Host gets the gateway's own answer and log line.
  requireHostHeader: false,
  connectionsCheckingInterval: HEAD_CHECK_INTERVAL_MS,
  // Others (h2c of some Java clients) are plain requests whose Upgrade is ignored, as in nginx. With a body too:
  // Node would hand it over as the first bytes of the new protocol.
  shouldUpgradeCallback: ({ method, headers }: IncomingMessage) =>
    method === "GET" &&
    headers.upgrade?.toLowerCase() !== "h2c" &&
    headers["transfer-encoding"] === undefined &&
    Number(headers["content-length"] ?? 0) === 0,
} as const;

/** What is known of an open connection. */
interface Connection {
  readonly number: number;
  readonly turns: RequestTurns;
  requests: number;
}

export class HttpEngine {
  #address: AddressConfig;
  readonly #services: ListenerServices;
  readonly #plain: HttpServer;
  #secure: HttpsServer | undefined;
  #stopped = false;
  readonly #connections = new WeakMap<Socket, Connection>();

  constructor(address: AddressConfig, services: ListenerServices) {
    this.#address = address;
    this.#services = services;
    this.#plain = createHttpServer(ENGINE_OPTIONS);
    this.#attach(this.#plain);
    this.configure(address);
  }

  configure(address: AddressConfig): void {
    this.#address = address;
    const { tls } = address.defaultServer;
    if (address.tls && tls) {
      this.#secure ??= this.#createSecure();
      this.#secure.setSecureContext({
        cert: [...tls.certificates],
        key: [...tls.keys],
        minVersion: tls.versionMin,
        maxVersion: tls.versionMax,
        ...(tls.ciphers === undefined ? {} : { ciphers: tls.ciphers }),
      });
    }
    const { core } = address.defaultServer.location.settings;
    for (const server of [this.#plain, this.#secure]) {
      if (!server) continue;
      server.keepAliveTimeout = core.keepaliveTimeoutMs;
      server.headersTimeout = core.headerTimeoutMs;
    }
  }

  /** An accepted connection. */
  take(socket: Socket, tls: boolean): void {
    const server = tls ? this.#secure : this.#plain;
    // Only plain HTTP lets a client close its side first and still read the response.
    socket.allowHalfOpen = !tls;
    if (server) server.emit("connection", socket);
    else socket.destroy();
  }

  /** Idle connections close now, others after their response. */
  stop(): void {
    this.#stopped = true;
    for (const server of [this.#plain, this.#secure]) {
      // The engine has no socket of its own, so that closing it "fails"; idle connections are closed all the same.
      server?.close(() => {});
    }
  }

  #createSecure(): HttpsServer {
    const secure = createHttpsServer({
      ...ENGINE_OPTIONS,
      SNICallback: (name, done) => done(null, this.#contextFor(name)),
    });
    secure.on("tlsClientError", (error, socket) => {
      this.#services.onClientFault(`SSL_do_handshake() failed (${error.message})`);
      socket.destroy();
    });
    this.#attach(secure);
    return secure;
  }

  /** The certificate of the server that SNI names; without one, the default server's. */
  #contextFor(name: string): SecureContext | undefined {
    const match = this.#address.names.find(name.toLowerCase());
    return (match?.server.tls ?? this.#address.defaultServer.tls)?.context;
  }

  #attach(server: HttpServer | HttpsServer): void {
    // The length of the head is the limit; Node would drop fields beyond a number of them.
    server.maxHeadersCount = 0;
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      const begin = () => this.#onRequest(request, response, undefined);
      this.#connectionOf(request.socket).turns.take(begin);
    });
    for (const event of ["upgrade", "connect"]) {
      server.on(event, (request: IncomingMessage, duplex: Duplex, early: Buffer) => {
        if (duplex instanceof Socket) this.#onUpgrade(request, duplex, early);
        else duplex.destroy();
      });
    }
    server.on("clientError", (error: Error, duplex: Duplex) => this.#onClientError(error, duplex));
    // Node watches the times of request heads only after this event.
    server.emit("listening");
  }

  #onUpgrade(request: IncomingMessage, socket: Socket, early: Buffer): void {
    // Node has taken its own handlers off; a reset without one would end the process.
    socket.on("error", () => {});
    const begin = () => this.#onRequest(request, responseFor(request, socket), { socket, early });
    this.#connectionOf(socket).turns.take(begin);
  }

  #onRequest(
    request: IncomingMessage,
    response: ServerResponse,
    upgrade: { readonly socket: Socket; readonly early: Buffer } | undefined,
  ): ServerResponse {
    const address = this.#address;
    const { core } = address.defaultServer.location.settings;
    const exchange = new NodeExchange({
      request,
      response,
      upgrade,
      connection: this.#factsOf(request.socket),
      mayKeepAlive: () => !this.#stopped && core.keepaliveTimeoutMs > 0,
    });
    if (exchange.body) {
      request.socket.setTimeout(core.bodyTimeoutMs);
      request.once("end", () => request.socket.setTimeout(0));
    }
    this.#services.onExchange(exchange, address);
    return response;
  }

  #connectionOf(socket: Socket): Connection {
    const known = this.#connections.get(socket);
    if (known) return known;
    const number = this.#services.nextConnectionNumber();
    const connection = { number, turns: new RequestTurns(socket), requests: 0 };
    this.#connections.set(socket, connection);
    return connection;
  }

  #factsOf(socket: Socket): ConnectionFacts {
    const connection = this.#connectionOf(socket);
    connection.requests++;
    return {
      number: connection.number,
      requestNumber: connection.requests,
      remoteAddress: socket.remoteAddress ?? "",
      remotePort: socket.remotePort ?? 0,
      localAddress: socket.localAddress ?? "",
      localPort: socket.localPort ?? 0,
      tls: socket instanceof TLSSocket ? tlsFactsOf(socket) : undefined,
    };
  }

  /** What Node could not read as a request gets nginx's small page and an end. */
  #onClientError(error: Error, socket: Duplex): void {
    const code = systemCodeOf(error);
    this.#services.onClientFault(`client sent invalid request (${code ?? error.message})`);
    if (code === "ECONNRESET" || !socket.writable) {
      socket.destroy();
      return;
    }
    const inProgress = socket instanceof Socket && this.#connections.get(socket)?.turns.current;
    if (inProgress && (inProgress.headersSent || inProgress.req.complete)) {
      // A page now would stand in the answer to the request before, or be taken for it.
      inProgress.once("close", () => socket.destroy());
      return;
    }
    const status = code === "ERR_HTTP_REQUEST_TIMEOUT" ? 408 : 400;
    const { serverTokens } = this.#address.defaultServer.location.settings.core;
    const page = renderErrorPage(status, serverTokens);
    const head = [
      `HTTP/1.1 ${status} ${reasonOf(status)}`,
      "Content-Type: text/html",
      `Content-Length: ${page.length}`,
      "Connection: close",
      "\r\n",
    ];
    socket.end(Buffer.concat([Buffer.from(head.join("\r\n")), page]));
  }
}

function tlsFactsOf(socket: TLSSocket): NonNullable<ConnectionFacts["tls"]> {
  const { servername } = socket as { servername?: string | false };
  return {
    serverName: typeof servername === "string" ? servername : "",
    protocol: socket.getProtocol() ?? "",
    cipher: socket.getCipher().name,
    resumed: socket.isSessionReused(),
  };
}
