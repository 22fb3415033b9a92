/**
 * The management port of a worker: what it runs and whether it is well, for people, probes and the manager; its log and
 * its traces for the manager alone (`log-door.ts`, `trace-door.ts`), and the manager's part in deploys and draining
 * (`change-door.ts`). Whoever else would change something is answered 403 with a sentence that names the manager.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Duplex } from "node:stream";
import type { Readiness } from "../cluster/stability.ts";
import type { ConnectorConfig } from "../config/node-config.ts";
import type { ChangeDoor } from "./change-door.ts";
import type { TraceDoor } from "./trace-door.ts";
import { listen, portOf } from "../net/listen.ts";
import { isWebSocketRequest } from "../net/web-socket.ts";
import { LiveIdentity } from "../net/tls/live-identity.ts";
import { readServerIdentity } from "../net/tls/tls-files.ts";
import type { Closable } from "../runtime/lifecycle.ts";
import { LOG_PATHS, type LogDoor } from "./log-door.ts";

/** What the port shows; asked for at each request. */
export interface WorkerView {
  readonly name: string;
  readonly revision: string | undefined;
  /** What the node waits for beside a revision. */
  readonly readiness: Readiness;
  /** It takes no new sessions. */
  readonly draining: boolean;
  /** It was removed from the cluster and is about to stop. */
  readonly removed: boolean;
  readonly artifacts: readonly {
    readonly kind: string;
    readonly name: string;
    readonly path: string;
  }[];
  /** The newest revision that could not be applied, with the reasons. */
  readonly refused: { readonly revision: string; readonly problems: readonly string[] } | undefined;
  /** Where changes are made, for example "https://mgt.esb.localhost:8443/carbon". */
  readonly managerUrl: string | undefined;
}

/** The manager keeps its connection from one deploy to the next. */
const KEPT_MS = 75_000;

type Page = (view: WorkerView) => { readonly status: number; readonly body: object };

const PAGES: Readonly<Record<string, Page>> = {
  "/health/live": () => ({ status: 200, body: { status: "live" } }),
  "/health/ready": (view) => readyPage(view),
  "/management/server": (view) => ({
    status: 200,
    body: {
      name: view.name,
      role: "worker",
      revision: view.revision ?? null,
      refused: view.refused ?? null,
    },
  }),
  "/management/artifacts": (view) => ({
    status: 200,
    body: { revision: view.revision ?? null, count: view.artifacts.length, list: view.artifacts },
  }),
};

/** A degraded worker serves its revision and says what it is without; one that drains, or was removed, serves too, and wants nothing new. */
function readyPage(view: WorkerView): ReturnType<Page> {
  const {
    revision,
    draining,
    removed,
    readiness: { missing, degraded },
  } = view;
  if (removed) return { status: 503, body: { status: "removed", missing: "a registration" } };
  const all = [...missing, ...(revision === undefined ? ["the first revision"] : [])].join(", ");
  const isReady = revision !== undefined && (missing.length === 0 || degraded);
  if (!isReady) return { status: 503, body: { status: "starting", missing: all } };
  if (draining) return { status: 503, body: { status: "draining", revision } };
  if (degraded) return { status: 200, body: { status: "degraded", revision, missing: all } };
  return { status: 200, body: { status: "ready", revision } };
}

/** What stands behind the port. */
export interface ManagementParts {
  readonly view: () => WorkerView;
  readonly logs: LogDoor;
  readonly traces: TraceDoor;
  readonly changes: ChangeDoor;
  /** Certificates that are replaced while the port is open. Default: those of the connector's files. */
  readonly identity?: LiveIdentity | undefined;
}

export class ManagementListener implements Closable {
  readonly #server: Server;
  readonly #parts: ManagementParts;

  private constructor(server: Server, parts: ManagementParts) {
    this.#server = server;
    this.#parts = parts;
  }

  /** Binds one connector. @throws AppError PORT_BUSY, TLS_MATERIAL. */
  static async start(config: ConnectorConfig, parts: ManagementParts): Promise<ManagementListener> {
    const server = makeServer(config, parts.identity);
    const listener = new ManagementListener(server, parts);
    server.on("request", (request, response) => listener.#answer(request, response));
    server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      parts.logs.tail({ request, socket, head }),
    );
    await listen(server, config.port, config.bindAddress);
    return listener;
  }

  get port(): number {
    return portOf(this.#server);
  }

  close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#parts.logs.close();
    this.#server.close(() => resolve());
    this.#server.closeAllConnections();
    return promise;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const [path = "/"] = (request.url ?? "/").split("?", 1);
    const change = this.#parts.changes.answer(request, path);
    if (change) void change.then(({ status, body }) => send(response, status, body));
    else this.#show(request, response, path);
  }

  #show(request: IncomingMessage, response: ServerResponse, path: string): void {
    const view = this.#parts.view();
    request.resume();
    if (request.method !== "GET" && request.method !== "HEAD") {
      send(response, 403, { Error: readOnlySentence(view), code: "READ_ONLY_NODE" });
      return;
    }
    const page = Object.hasOwn(PAGES, path) ? PAGES[path] : undefined;
    const traces = this.#parts.traces.page(request, path);
    if (page) {
      const { status, body } = page(view);
      send(response, status, body);
    } else if (traces) {
      send(response, traces.status, traces.body);
    } else if (path === LOG_PATHS.page) {
      const { status, body } = this.#parts.logs.page(request);
      send(response, status, body);
    } else if (path === LOG_PATHS.tail) {
      response.setHeader("Upgrade", "websocket");
      send(response, 426, { Error: `${path} is a WebSocket; read ${LOG_PATHS.page} without one.` });
    } else if (path === "/carbon" || path.startsWith("/carbon/")) {
      send(response, 403, { Error: readOnlySentence(view), code: "READ_ONLY_NODE" });
    } else {
      send(response, 404, { Error: `There is nothing at ${path} on a worker.` });
    }
  }
}

/** A client certificate is asked for and not insisted on: only the manager has one that opens more. */
function makeServer({ tls }: ConnectorConfig, live: LiveIdentity | undefined): Server {
  const upgrades = { shouldUpgradeCallback: isTailRequest, keepAliveTimeout: KEPT_MS };
  if (!tls) return createServer(upgrades);
  const asked = { requestCert: true, rejectUnauthorized: false };
  const identity = live ?? new LiveIdentity(readServerIdentity(tls));
  const server = createTlsServer({ ...identity.serverOptions, ...asked, ...upgrades });
  identity.attach(server);
  return server;
}

/** Every other upgrade is answered as if it had not been asked for (RFC 9110, section 7.8). */
function isTailRequest(request: IncomingMessage): boolean {
  const [path] = (request.url ?? "").split("?", 1);
  return path === LOG_PATHS.tail && isWebSocketRequest(request);
}

function readOnlySentence(view: WorkerView): string {
  const where =
    view.managerUrl === undefined ? "on the manager" : `on the manager, ${view.managerUrl}`;
  return `${view.name} is a worker and changes nothing: make changes ${where}.`;
}

function send(response: ServerResponse, status: number, body: object): void {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(text),
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
  });
  response.end(response.req.method === "HEAD" ? undefined : text);
}
