/**
 * `health_listen`: GET /health/live and /health/ready of a gateway on a port of its own, for whoever watches the process.
 * It is open before the gateway's other ports are, so that it can say what they wait for. Without credentials and without TLS:
 * it tells no names, and nothing can be changed by it.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Readiness } from "../cluster/stability.ts";
import { listen, portOf } from "../net/listen.ts";
import type { Closable } from "../runtime/lifecycle.ts";
import type { NodeState } from "../runtime/node-status.ts";
import type { ListenAddress } from "./http/listen-address.ts";

export interface HealthView {
  readonly state: NodeState;
  /** It was removed from the cluster and is about to stop. */
  readonly removed: boolean;
  readonly readiness: Readiness;
}

interface Answer {
  readonly status: number;
  readonly body: { readonly status: string; readonly missing?: string };
}

/** Requests at a time; a probe asks now and then. */
const CONNECTIONS_MAX = 64;
const REQUEST_MS_MAX = 5_000;

/** Ready: 200. Degraded is ready too, and says what is missing. */
export function readyAnswer({ state, removed, readiness }: HealthView): Answer {
  if (removed) return { status: 503, body: { status: "removed", missing: "a registration" } };
  const missing = readiness.missing.join(", ");
  if (state !== "active") {
    const what = missing === "" ? {} : { missing };
    return { status: 503, body: { status: state, ...what } };
  }
  if (readiness.degraded) return { status: 200, body: { status: "degraded", missing } };
  return { status: 200, body: { status: "ready" } };
}

export class HealthListener implements Closable {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @throws AppError PORT_BUSY. */
  static async start(address: ListenAddress, view: () => HealthView): Promise<HealthListener> {
    const server = createServer({ requestTimeout: REQUEST_MS_MAX }, (request, response) =>
      answer(request, response, view),
    );
    server.maxConnections = CONNECTIONS_MAX;
    await listen(server, address.port, address.host);
    return new HealthListener(server);
  }

  get port(): number {
    return portOf(this.#server);
  }

  close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeAllConnections();
    return promise;
  }
}

function answer(
  { method, url = "/" }: IncomingMessage,
  response: ServerResponse,
  view: () => HealthView,
): void {
  const isRead = method === "GET" || method === "HEAD";
  const [path] = url.split("?", 1);
  if (isRead && path === "/health/live") send(response, { status: 200, body: { status: "live" } });
  else if (isRead && path === "/health/ready") send(response, readyAnswer(view()));
  else send(response, { status: isRead ? 404 : 405, body: { status: "unknown" } });
}

function send(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, {
    "Content-Type": "application/json",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
  });
  response.end(`${JSON.stringify(body)}\n`);
}
