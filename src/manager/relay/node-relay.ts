/**
 * The way to a node's own management port through the manager, by http-proxy-3, so that only the manager has to be exposed:
 * plain requests and WebSockets (log tails). Who may ask, and for what, was decided before
 * (`api/node-relay.ts`). Connections are made anew for each request, to the member's advertised address only.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { ProxyServer, type ServerOptions } from "http-proxy-3";
import { AppError, messageOf } from "../../errors/app-error.ts";
import {
  refuseUpgrade,
  type Upgrade,
  WebSocketDoor,
  type WebSocketLink,
} from "../../net/web-socket.ts";
import type { LiveIdentity } from "../../net/tls/live-identity.ts";
import type { TrustView } from "../../net/trust/trust-view.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Closable } from "../../runtime/lifecycle.ts";
import { joinAddress } from "../node-view.ts";
import type { FoundNode } from "./node-directory.ts";
import { PinnedAgent } from "./pinned-agent.ts";
import { answerFields, requestFields, switchFields, upgradeFields } from "./relayed-fields.ts";

/** Plain requests, and WebSockets, that are under way at once, each. */
const RELAYED_MAX = 32;
/** A node that says nothing for so long has gone: between request and answer, and within an answer. */
const SILENT_MS_MAX = 10_000;
/** On a WebSocket; nodes send a heartbeat every 15 s. */
const WEB_SOCKET_SILENT_MS_MAX = 45_000;

export type RelayedNode = Extract<FoundNode, { kind: "member" }>;

export class NodeRelay implements Closable {
  readonly #identity: LiveIdentity;
  readonly #trust: TrustView | undefined;
  readonly #clock: Clock;
  readonly #requests = new Set<IncomingMessage>();
  readonly #webSockets = new Set<Duplex>();
  readonly #ownDoor = new WebSocketDoor();
  #isClosed = false;

  /**
   * @param identity the manager's certificate, which nodes know from membership.
   * @param trust default: certificates are known from membership alone.
   */
  constructor(identity: LiveIdentity, clock: Clock, trust?: TrustView) {
    this.#trust = trust;
    this.#identity = identity;
    this.#clock = clock;
  }

  /**
   * Asks a node. The answer's fields are those that may be shown; its body must be read or destroyed.
   * @param path with its query; takes the place of the request's own.
   * @throws AppError NODE_UNREACHABLE, MANAGER_BUSY.
   */
  async ask(
    node: RelayedNode,
    path: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<IncomingMessage> {
    this.#checkRoom(this.#requests.size);
    this.#requests.add(request);
    response.once("close", () => this.#requests.delete(request));
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const options = { selfHandleResponse: true, proxyTimeout: SILENT_MS_MAX };
    const proxy = makeProxy({ ...this.#optionsFor(node), ...options });
    proxy.once("proxyRes", (answer) => resolve(answer));
    proxy.once("econnreset", reject);
    request.headers = requestFields(request.headers);
    request.url = path;
    proxy.web(request, response, (error) => reject(error));
    try {
      return await promise;
    } catch (error) {
      throw unreachable(node, error);
    }
  }

  /** Joins the client's socket with the node's, or answers 502. @throws AppError MANAGER_BUSY before anything was done. */
  join(node: RelayedNode, path: string, { request, socket, head }: Upgrade): void {
    this.#hold(socket);
    let isOpen = false;
    const proxy = makeProxy(this.#optionsFor(node));
    proxy.once("proxyReqWs", (outgoing) => {
      outgoing.setTimeout(SILENT_MS_MAX, () => outgoing.destroy(new Error("no answer in time")));
      // Before http-proxy-3 looks at them itself.
      outgoing.prependOnceListener("upgrade", (answer) => {
        answer.headers = switchFields(answer.headers);
      });
      outgoing.prependOnceListener("response", (answer) => {
        answer.headers = { ...answerFields(answer.headers), connection: "close" };
      });
    });
    proxy.once("open", (upstream) => {
      isOpen = true;
      upstream.setTimeout(WEB_SOCKET_SILENT_MS_MAX, () => upstream.destroy());
      // The client may have gone before the node's socket was there, which http-proxy-3 does not look at.
      if (socket.destroyed) upstream.destroy();
      else socket.once("close", () => upstream.destroy());
    });
    request.headers = upgradeFields(request.headers);
    request.url = path;
    proxy.ws(request, socket, head, (error) => {
      if (isOpen) return;
      const { message, code } = unreachable(node, error);
      refuseUpgrade(socket, 502, { Error: message, code });
    });
  }

  /** A WebSocket of the manager's own, among those that are relayed. @throws AppError MANAGER_BUSY. */
  open(upgrade: Upgrade, onLink: (link: WebSocketLink) => void): void {
    this.#hold(upgrade.socket);
    this.#ownDoor.open(upgrade, onLink);
  }

  /** Counts a WebSocket, and ends it when the manager stops. */
  #hold(socket: Duplex): void {
    this.#checkRoom(this.#webSockets.size);
    this.#webSockets.add(socket);
    socket.once("close", () => this.#webSockets.delete(socket));
  }

  /** Ends every WebSocket; requests end with the ports of the manager. */
  close(): Promise<void> {
    this.#isClosed = true;
    for (const socket of this.#webSockets) socket.destroy();
    return Promise.resolve();
  }

  #checkRoom(count: number): void {
    if (count < RELAYED_MAX && !this.#isClosed) return;
    const message = `${RELAYED_MAX} requests of that kind go through this manager already; close a log and try again`;
    throw new AppError("MANAGER_BUSY", message, { side: "downstream", retryable: true });
  }

  #optionsFor({ name, host, port, fingerprint }: RelayedNode) {
    const [identity, clock, trust] = [this.#identity.shown, this.#clock, this.#trust];
    return {
      target: `https://${joinAddress(host, port)}`,
      changeOrigin: true,
      agent: new PinnedAgent({ name, host, port, fingerprint, identity, clock, trust }),
    };
  }
}

/** Faults of the client's side are told by an event as well, and without a listener http-proxy-3 would throw them: they end the exchange, and that is all. */
function makeProxy(options: ServerOptions): ProxyServer {
  return new ProxyServer(options).on("error", () => {});
}

function unreachable({ name, host, port }: RelayedNode, cause: unknown): AppError {
  const message = `${name} does not answer at its management port ${joinAddress(host, port)}: ${messageOf(cause)}`;
  return new AppError("NODE_UNREACHABLE", message, { side: "peer", retryable: true, cause });
}
