/**
 * /carbon/nodes/NAME/...: a node's own management port through the manager, for admins. Workers are asked over the relay;
 * /logs and /logs/tail of the manager itself, and /traces of a worker in its process, are answered here. Reading only: no method but GET and HEAD, no body.
 */
import type { FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { AppError } from "../../errors/app-error.ts";
import { refuseUpgrade, type Upgrade } from "../../net/web-socket.ts";
import type { LogAnswer } from "../../observability/log-service.ts";
import { answerFields } from "../relay/relayed-fields.ts";
import type { RelayedNode } from "../relay/node-relay.ts";
import { readRelayTarget, type RelayTarget } from "../relay/relay-target.ts";
import { credentialsOf, identityOf, requireOwnOrigin } from "./access.ts";
import type { ManagementResource, ManagementServices } from "./management-services.ts";

/** Between two looks whether whoever reads along may still do so. */
const REVIEW_MS = 30_000;

const PATH = "/carbon/nodes/:name/*";
const PARAMS = Type.Object({
  name: Type.String({ description: "A node's name, or its cluster address" }),
  "*": Type.String({ description: "A path of the node, for example logs or logs/tail" }),
});

export const nodeRelayResource: ManagementResource = (app, services) => {
  app.get(
    PATH,
    {
      config: { summary: "Read a node's management port, WebSockets included" },
      schema: { params: PARAMS },
    },
    (request, reply) => relay(services, request, reply),
  );
  app.route({
    url: PATH,
    method: ["HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
    // Before a body is read.
    preParsing: (request, _reply, _payload, done) => done(refusalOf(request)),
    handler: (request, reply) => relay(services, request, reply),
  });
};

function refusalOf({ method }: FastifyRequest): AppError | null {
  if (method === "HEAD") return null;
  const message = "nodes are only read here; changes are made at this manager's /management/";
  return new AppError("READ_ONLY_NODE", message, { side: "downstream" });
}

async function relay(
  services: ManagementServices,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const target = readTarget(request);
  const node = services.nodeDirectory.find(target.name);
  if (request.server.upgrades.has(request)) {
    requireOwnOrigin(request, services.isOwnOrigin);
    return openTail(services, { request, reply, target, node });
  }
  const { log, nodeRelay } = services;
  log.info(`${target.path} of ${target.name} was read by ${identityOf(request).user}`);
  if (node.kind === "itself") {
    const { status, body } = ownPage(services, target);
    return reply.code(status).send(body);
  }
  const answer = await nodeRelay.ask(node, pathOf(target), request.raw, reply.raw);
  void reply.code(answer.statusCode ?? 502).headers(answerFields(answer.headers));
  if (request.method !== "HEAD") return reply.send(answer);
  answer.resume();
  return reply.send();
}

function ownPage({ logs, ownTraces }: ManagementServices, target: RelayTarget): LogAnswer {
  if (target.path === "/logs") return logs.page(target.search);
  const traces = /^\/traces(?:\/|$)/.test(target.path) ? ownTraces?.(target.path) : undefined;
  if (!traces) throw unknownHere(target);
  return traces;
}

interface TailRequest {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly target: RelayTarget;
  readonly node: RelayedNode | { readonly kind: "itself" };
}

function openTail(services: ManagementServices, tail: TailRequest): FastifyReply {
  const { request, reply, target, node } = tail;
  if (node.kind === "itself" && target.path !== "/logs/tail") throw unknownHere(target);
  const mayStill = mayStillRead(services, request);
  const upgrade = request.server.upgrades.take(request, reply);
  if (!upgrade) return reply;
  const what = `${target.path} of ${target.name}`;
  const { user } = identityOf(request);
  services.log.info(`${what} is followed by ${user} from ${request.ip}`);
  upgrade.socket.once("close", () => services.log.info(`${what} is no longer followed by ${user}`));
  review(services, upgrade, mayStill);
  try {
    if (node.kind === "itself") openOwnTail(services, target, upgrade);
    else services.nodeRelay.join(node, pathOf(target), upgrade);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    refuseUpgrade(upgrade.socket, 503, { Error: error.message, code: error.code });
  }
  return reply;
}

function openOwnTail(
  { logs, nodeRelay }: ManagementServices,
  target: RelayTarget,
  upgrade: Upgrade,
): void {
  const result = logs.tail(target.search);
  if (result.kind === "refused") {
    refuseUpgrade(upgrade.socket, result.answer.status, result.answer.body);
    return;
  }
  nodeRelay.open(upgrade, (link) => result.start(link));
}

/** The login may end while a tail is open; the look at it does not keep a session from idling out. */
function mayStillRead(
  { authenticator }: ManagementServices,
  request: FastifyRequest,
): () => Promise<boolean> {
  const credentials = credentialsOf(request);
  const identity = identityOf(request);
  return async () => (await authenticator.review(credentials, identity))?.isAdmin ?? false;
}

function review(
  { clock, log }: ManagementServices,
  { socket }: Upgrade,
  mayStill: () => Promise<boolean>,
): void {
  const look = async (): Promise<void> => {
    try {
      if (!(await mayStill())) socket.destroy();
    } catch (error) {
      log.warn("A login could not be looked at; its log tail is ended", { error });
      socket.destroy();
    }
  };
  const timer = clock.every(REVIEW_MS, () => void look());
  socket.once("close", () => timer.cancel());
}

function readTarget({ raw, headers }: FastifyRequest): RelayTarget {
  const hasBody =
    headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0";
  if (hasBody) throw invalid("a request to a node has no body");
  const target = readRelayTarget(raw.url ?? "");
  if (target) return target;
  throw invalid("the path and the query of a node are plain ones, without escapes, // and ..");
}

function pathOf({ path, search }: RelayTarget): string {
  return search === "" ? path : `${path}?${search}`;
}

function unknownHere({ name, path }: RelayTarget): AppError {
  const message = `${name} is this manager: it has /logs and /logs/tail here, and /management/ for all else, not ${path}`;
  return new AppError("RESOURCE_UNKNOWN", message, { side: "downstream" });
}

function invalid(message: string): AppError {
  return new AppError("REQUEST_INVALID", message, { side: "downstream" });
}
