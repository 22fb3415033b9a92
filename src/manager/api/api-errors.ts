/**
 * Failures as answers: `{"Error": sentence, "code": one of the error table}`, the form of WSO2's management API with
 * the code added. Only sentences that were written for users go out; everything else is logged and called internal.
 */
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { AppError } from "../../errors/app-error.ts";
import type { ErrorCode } from "../../errors/codes.ts";
import type { Log } from "../../observability/log.ts";
import { WINDOW_MS } from "../auth/login-limiter.ts";
import { storeFailure } from "../store/store-failure.ts";
import type { ManagementApp } from "./management-services.ts";

export const ERROR_BODY = Type.Object({ Error: Type.String(), code: Type.String() });

const STATUSES: Partial<Readonly<Record<ErrorCode, number>>> = {
  ACCESS_DENIED: 403,
  ARTIFACT_FAULTY: 422,
  ARTIFACT_UNKNOWN: 404,
  AUTH_FAILED: 401,
  CLUSTER_TRUST: 409,
  DEPLOYMENT_REPOSITORY: 503,
  JOIN_REFUSED: 403,
  LOGIN_LIMITED: 429,
  LOG_TAILS_LIMIT: 503,
  MANAGER_BUSY: 503,
  NODE_REMOVED: 410,
  NODE_UNREACHABLE: 502,
  READ_ONLY_NODE: 403,
  REQUEST_INVALID: 400,
  RESOURCE_UNKNOWN: 404,
  STORE_FAILED: 503,
  STORE_NOT_SET_UP: 503,
};

/** The HTTP status of a code; 500 for those that no client can cause. */
export function statusOf(code: ErrorCode): number {
  return STATUSES[code] ?? 500;
}

export function addErrorAnswers(app: ManagementApp, log: Log): void {
  app.setErrorHandler((error: FastifyError | Error, request, reply) =>
    answerError(storeFailure(error) ?? error, request, reply, log),
  );
  app.setNotFoundHandler((request) => {
    const [path = ""] = request.url.split("?");
    const message = `there is nothing at ${request.method} ${path}`;
    throw new AppError("RESOURCE_UNKNOWN", message, { side: "downstream" });
  });
}

function answerError(
  error: FastifyError | Error,
  request: FastifyRequest,
  reply: FastifyReply,
  log: Log,
): FastifyReply {
  if (error instanceof AppError) {
    const status = statusOf(error.code);
    if (status >= 500) log.error(`${request.method} ${request.routeOptions.url ?? "?"}`, { error });
    if (status === 401) addChallenges(request, reply);
    if (status === 429) void reply.header("retry-after", String(WINDOW_MS / 1000));
    const isSecret = status === 500;
    const sentence = isSecret ? "an internal error; the manager's log tells more" : error.message;
    return reply.code(status).send({ Error: sentence, code: error.code });
  }
  const status = "statusCode" in error ? (error.statusCode ?? 500) : 500;
  if (status >= 400 && status < 500)
    return reply.code(status).send({ Error: error.message, code: "REQUEST_INVALID" });
  log.error(`${request.method} ${request.routeOptions.url ?? "?"}`, { error });
  const sentence = "an internal error; the manager's log tells more";
  return reply.code(500).send({ Error: sentence, code: "INTERNAL" });
}

/** Browsers answer a Basic challenge with a dialog of their own, so the console's requests get none. */
function addChallenges(request: FastifyRequest, reply: FastifyReply): void {
  const isConsole = request.headers["x-requested-with"] !== undefined;
  const challenges = ['Bearer realm="bascule"', 'Basic realm="bascule", charset="UTF-8"'];
  void reply.header("www-authenticate", isConsole ? challenges.slice(0, 1) : challenges);
}
