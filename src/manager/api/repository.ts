/**
 * /repository.git: the manager's own deployment repository over git's smart HTTP, for workers on other machines and for people
 * with git. Reads the request, asks who it is, and leaves the rest to depsync's HttpBackend. Answers are plain text where
 * git's are not its own, for git shows nothing else to people. A push is looked at at once, and whoever pushed reads the outcome.
 */
import type { IncomingMessage } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import {
  protocolOf,
  readRepositoryRequest,
  type RepositoryRequest,
} from "../../depsync/http-backend/repository-request.ts";
import type { HttpBackend } from "../../depsync/http-backend/http-backend.ts";
import { AppError } from "../../errors/app-error.ts";
import { RefusalLimiter } from "../auth/refusal-limiter.ts";
import { statusOf } from "./api-errors.ts";
import type {
  ManagementApp,
  ManagementResource,
  ManagementServices,
} from "./management-services.ts";
import { admit, type RepositoryUser } from "./repository-access.ts";

/** Of the address that workers and people use. */
export const REPOSITORY_PATH = "/repository.git";
/** What goes from git's answer to the client. */
const FIELDS = ["content-type", "cache-control", "expires", "pragma"];

/** The manager's repository as it is served. */
export interface ServedRepository {
  readonly backend: HttpBackend;
  /** After a push: looks at `main` and says what became of it, in lines for the person who pushed. */
  readonly afterPush: (user: string, say: (line: string) => void) => Promise<void>;
}

declare module "fastify" {
  interface FastifyRequest {
    /** Null outside of the repository's routes. */
    exchange: { readonly request: RepositoryRequest; readonly user: RepositoryUser } | null;
  }
}

export const repositoryResource: ManagementResource = (app, services) => {
  void app.register((scope: ManagementApp, _options: object, done: () => void) => {
    const limiter = new RefusalLimiter(services.clock);
    scope.removeAllContentTypeParsers();
    // Bodies are streams, which git and the backend read.
    scope.addContentTypeParser("*", (_request, payload, parsed) => parsed(null, payload));
    scope.decorateRequest("exchange", null);
    scope.setErrorHandler((error, request, reply) => answerError(error, request, reply, services));
    scope.addHook("onRequest", async (request) => {
      const wanted = read(request);
      if (!services.repository) throw unknown();
      const user = await admit(services, limiter, request, wanted);
      request.exchange = { request: wanted, user };
    });
    const config = { access: "public" } as const;
    scope.route({
      method: ["GET", "POST"],
      url: `${REPOSITORY_PATH}/*`,
      config,
      handler: (request, reply) => serve(services, request, reply),
    });
    done();
  });
};

async function serve(
  { repository, log }: ManagementServices,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { exchange, headers, raw } = request;
  if (!repository || !exchange) throw unknown();
  const { user } = exchange;
  const gone = new AbortController();
  reply.raw.once("close", () => gone.abort());
  const isPush = exchange.request.service === "git-receive-pack" && raw.method === "POST";
  if (isPush) log.info(`${user.name} pushes to the deployment repository from ${request.ip}`);
  const answer = await repository.backend.answer({
    request: exchange.request,
    protocol: protocolOf(textOf(headers["git-protocol"])),
    user: user.name,
    body: raw.method === "POST" ? raw : undefined,
    encoding: headers["content-encoding"],
    signal: gone.signal,
    afterPush: (say) => repository.afterPush(user.name, say),
  });
  void reply.code(answer.status);
  for (const name of FIELDS) {
    const value = answer.fields.get(name);
    if (value !== undefined) void reply.header(name, value);
  }
  return reply.send(answer.body);
}

/** @throws AppError for whatever is none of git's four requests. */
function read({ raw }: FastifyRequest): RepositoryRequest {
  const [path = "", search = ""] = (raw.url ?? "").split("?", 2);
  const wanted = readRepositoryRequest(
    raw.method ?? "",
    path.slice(REPOSITORY_PATH.length),
    search,
  );
  if ("service" in wanted) {
    checkType(raw, wanted);
    return wanted;
  }
  const { status, reason } = wanted;
  throw new AppError(status === 403 ? "ACCESS_DENIED" : "RESOURCE_UNKNOWN", reason, {
    side: "downstream",
  });
}

function checkType({ headers, method }: IncomingMessage, { service }: RepositoryRequest): void {
  if (method !== "POST" || headers["content-type"] === `application/x-${service}-request`) return;
  const message = `a request to ${service} has the content type application/x-${service}-request`;
  throw new AppError("REQUEST_INVALID", message, { side: "downstream" });
}

/** Plain text, which git shows as "remote: ...". */
function answerError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  { log }: ManagementServices,
): FastifyReply {
  const isOurs = error instanceof AppError;
  const status = isOurs ? statusOf(error.code) : 500;
  if (status >= 500) log.error(`${request.method} ${REPOSITORY_PATH}`, { error });
  if (status === 401)
    void reply.header("www-authenticate", 'Basic realm="bascule", charset="UTF-8"');
  const sentence =
    isOurs && status !== 500 ? error.message : "an internal error; the manager's log tells more";
  // What is left of a body is not read: the connection ends.
  if (request.method === "POST") void reply.header("connection", "close");
  return reply.code(status).type("text/plain; charset=utf-8").send(`${sentence}\n`);
}

function unknown(): AppError {
  const message =
    "this manager has no repository of its own to serve: carbon.xml names another one (GitBaseUrl)";
  return new AppError("RESOURCE_UNKNOWN", message, { side: "downstream" });
}

function textOf(field: string | readonly string[] | undefined): string | undefined {
  return typeof field === "string" ? field : undefined;
}
