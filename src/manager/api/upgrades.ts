/**
 * Brings requests for a WebSocket into the app like any other request, so that the same checks (login, limits) hold for them
 * and a refusal is an ordinary answer. A route that wants the socket takes it over; paths that have no WebSocket
 * are answered as if none had been asked for.
 */
import { type IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import { isWebSocketRequest, type Upgrade } from "../../net/web-socket.ts";
import { RELAY_PREFIX } from "../relay/relay-target.ts";
import type { ManagementApp } from "./management-services.ts";

declare module "fastify" {
  interface FastifyInstance {
    upgrades: Upgrades;
  }
}

/** For the server's option `shouldUpgradeCallback`. */
export function isUpgrade(request: IncomingMessage): boolean {
  return isWebSocketRequest(request) && (request.url ?? "").startsWith(RELAY_PREFIX);
}

/** Listens on the app's server. */
export function addUpgrades(app: ManagementApp): void {
  const upgrades = new Upgrades();
  app.decorate("upgrades", upgrades);
  app.server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    app.routing(request, upgrades.receive({ request, socket, head }));
  });
}

/** The upgrades of one app that no route has taken yet. */
export class Upgrades {
  readonly #waiting = new WeakMap<IncomingMessage, Upgrade>();

  /** The response that a refusal goes to; the connection ends with it. */
  receive(upgrade: Upgrade): ServerResponse {
    const { request, socket } = upgrade;
    socket.on("error", () => socket.destroy());
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(request.socket);
    response.once("finish", () => request.socket.destroySoon());
    this.#waiting.set(request, upgrade);
    return response;
  }

  /** Whether the request asks for a WebSocket. */
  has({ raw }: FastifyRequest): boolean {
    return this.#waiting.has(raw);
  }

  /** The socket is the caller's from now on, and there is no other answer any more. Undefined: the request asks for none. */
  take({ raw }: FastifyRequest, reply: FastifyReply): Upgrade | undefined {
    const upgrade = this.#waiting.get(raw);
    if (!upgrade) return undefined;
    this.#waiting.delete(raw);
    reply.hijack();
    reply.raw.detachSocket(raw.socket);
    return upgrade;
  }
}
