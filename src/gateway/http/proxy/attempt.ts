/**
 * One try of one peer, carried by http-proxy-3: one `web` call with made-up request and response objects, so
 * that nothing of the client's own objects is touched and the next try starts clean. The outcome is a
 * value; the attempt loop in proxy-handler.ts decides what follows.
 */
import { type Agent, type ClientRequest, IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import { ProxyServer } from "http-proxy-3";
import { systemCodeOf } from "../../../errors/app-error.ts";
import { toFields } from "../header-fields.ts";
import { connectionTls, type PeerTls, targetTls } from "./peer-tls.ts";
import type { ReplayableBody } from "./replayable-body.ts";
import type { OutgoingFields } from "./request-fields.ts";
import { responseFault } from "./response-fault.ts";

export interface AttemptRequest {
  readonly host: string;
  readonly port: number;
  readonly tls: PeerTls | undefined;
  readonly method: string;
  readonly path: string;
  readonly fields: OutgoingFields;
  readonly body: ReplayableBody;
  readonly wantsUpgrade: boolean;
  /** Undefined: a connection of its own, closed afterwards. */
  readonly agent: Agent | undefined;
  /** Address of this side; undefined: the system chooses. */
  readonly localAddress: string | undefined;
  readonly connectTimeoutMs: number;
  readonly sendTimeoutMs: number;
  readonly readTimeoutMs: number;
  /** Called when the connection stands and the request goes out. */
  readonly onConnected: () => void;
}

export type AttemptPhase = "connect" | "handshake" | "head";

export interface AttemptFailure {
  readonly kind: "failed";
  readonly reason: "error" | "timeout" | "invalid_header";
  /** How far the try came; from "head" on the request may have reached the peer. */
  readonly phase: AttemptPhase;
  /** The connection had served before: the peer may just have closed it. */
  readonly reusedConnection: boolean;
  readonly error: Error;
}

export type AttemptOutcome =
  | { readonly kind: "response"; readonly response: IncomingMessage }
  | {
      readonly kind: "upgraded";
      readonly response: IncomingMessage;
      readonly socket: Duplex;
      readonly early: Buffer;
    }
  | AttemptFailure;

/** A try in progress. */
export interface Attempt {
  readonly outcome: Promise<AttemptOutcome>;
  /** Ends the try, for example because the client has gone. */
  abort(): void;
}

/** The peer said nothing for too long. */
export class AttemptTimeout extends Error {}

/** The peer's head breaks the rules of HTTP in a way that Node's parser lets through. */
class InvalidHead extends Error {}

export class ProxyTransport {
  readonly #proxy = new ProxyServer({});
  /** The running tries by the request object that http-proxy-3 was given. */
  readonly #running = new WeakMap<IncomingMessage, RunningAttempt>();

  constructor() {
    this.#proxy.on("proxyReq", (request, key, ...[, , socket]) => {
      this.#running.get(key)?.onSocket(request, socket);
    });
    this.#proxy.on("proxyRes", (response, key) => {
      this.#running.get(key)?.onResponse(response);
    });
  }

  start(request: AttemptRequest): Attempt {
    const key = new IncomingMessage(new Socket());
    // The method stands in the options instead: http-proxy-3 drops the body of a DELETE by this one.
    key.method = "GET";
    key.url = request.path;
    key.httpVersionMajor = 1;
    const response = new ServerResponse(key);
    const running = new RunningAttempt(request);
    this.#running.set(key, running);
    this.#proxy.web(key, response, optionsOf(request, running), (error) => running.fail(error));
    return {
      outcome: running.outcome,
      // This is how http-proxy-3 learns that the client has gone.
      abort: () => response.emit("close"),
    };
  }
}

function optionsOf(request: AttemptRequest, running: RunningAttempt) {
  const { tls, host, port } = request;
  const body = request.body.open(running.connected);
  // The client has gone or sends too much: http-proxy-3 does not listen for that, and the process would end.
  body.once("error", (error) => running.end(error));
  return {
    target: { protocol: tls ? "https:" : "http:", host, port, ...(tls ? targetTls(tls) : {}) },
    method: request.method,
    headers: request.fields,
    toProxy: true,
    prependPath: false,
    agent: request.agent,
    connectTimeout: request.connectTimeoutMs,
    selfHandleResponse: true,
    buffer: body,
    ...(request.localAddress === undefined ? {} : { localAddress: request.localAddress }),
    ...(tls ? { secure: tls.verify } : {}),
    ...(tls?.authorities === undefined ? {} : { ca: tls.authorities }),
    // The base of the options of http.request; response-fault.ts refuses what the lenient parser lets through.
    ssl: { insecureHTTPParser: true, ...(tls ? connectionTls(tls) : {}) },
  };
}

class RunningAttempt {
  readonly outcome: Promise<AttemptOutcome>;
  /** Resolves when the request may be written. */
  readonly connected: Promise<void>;
  readonly #request: AttemptRequest;
  readonly #resolve: (outcome: AttemptOutcome) => void;
  readonly #open: () => void;
  #outgoing: ClientRequest | undefined;
  #phase: AttemptPhase = "connect";
  #reusedConnection = false;
  #response: IncomingMessage | undefined;

  constructor(request: AttemptRequest) {
    this.#request = request;
    const outcome = Promise.withResolvers<AttemptOutcome>();
    const connected = Promise.withResolvers<void>();
    this.outcome = outcome.promise;
    this.#resolve = outcome.resolve;
    this.connected = connected.promise;
    this.#open = connected.resolve;
  }

  settle(outcome: AttemptOutcome): void {
    this.#resolve(outcome);
  }

  fail(error: Error): void {
    const phase = this.#phase;
    const reusedConnection = this.#reusedConnection;
    this.settle({ kind: "failed", reason: reasonOf(error), phase, reusedConnection, error });
  }

  /** Ends the try from this side. */
  end(error: Error): void {
    this.fail(error);
    this.#outgoing?.destroy(error);
  }

  onResponse(response: IncomingMessage): void {
    this.#response = response;
    const fault = responseFault(response.statusCode ?? 0, toFields(response.rawHeaders));
    if (fault !== undefined) this.end(new InvalidHead(fault));
    else this.settle({ kind: "response", response });
  }

  /** The request has got its connection, new or reused. */
  onSocket(request: ClientRequest, socket: Socket): void {
    this.#outgoing = request;
    this.#reusedConnection = request.reusedSocket;
    const { sendTimeoutMs, readTimeoutMs } = this.#request;
    request.on("timeout", () => this.#onTimeout(request));
    request.setTimeout(sendTimeoutMs);
    request.once("finish", () => request.setTimeout(readTimeoutMs));
    request.once("upgrade", (response, peer, early) => this.#onUpgrade(response, peer, early));
    const isSecure = this.#request.tls !== undefined && socket instanceof TLSSocket;
    if (this.#reusedConnection) return this.#onConnected();
    if (isSecure) {
      socket.once("connect", () => {
        this.#phase = "handshake";
      });
    }
    socket.once(isSecure ? "secureConnect" : "connect", () => this.#onConnected());
  }

  /** A peer that waits for the client to take what it has sent is not slow. */
  #onTimeout(request: ClientRequest): void {
    if (this.#response && this.#response.readableLength > 0) {
      request.setTimeout(this.#request.readTimeoutMs);
    } else {
      request.destroy(new AttemptTimeout("peer timed out"));
      this.#response?.destroy(new AttemptTimeout("peer timed out"));
    }
  }

  #onUpgrade(response: IncomingMessage, peer: Socket, early: Buffer): void {
    if (!this.#request.wantsUpgrade) {
      peer.destroy();
      this.fail(new InvalidHead("101 without an upgrade"));
      return;
    }
    // As in nginx, an upgraded connection ends when neither side has sent for so long.
    peer.setTimeout(this.#request.readTimeoutMs, () => peer.destroy());
    this.settle({ kind: "upgraded", response, socket: peer, early });
  }

  #onConnected(): void {
    this.#phase = "head";
    this.#request.onConnected();
    this.#open();
  }
}

function reasonOf(error: Error): AttemptFailure["reason"] {
  const code = systemCodeOf(error);
  if (error instanceof AttemptTimeout || code === "ECONNECT_TIMEOUT" || code === "ETIMEDOUT") {
    return "timeout";
  }
  const isInvalid = error instanceof InvalidHead || code?.startsWith("HPE_") === true;
  return isInvalid ? "invalid_header" : "error";
}
