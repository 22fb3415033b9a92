/**
 * The answer to everything that changes what runs: what is live now and who runs it, every problem that speaks against it,
 * or which worker could not take it and how to go on.
 */
import type { FastifyReply } from "fastify";
import { Type } from "typebox";
import { formatProblem } from "../../errors/config-error.ts";
import type { DeployResult } from "../deployments.ts";
import { toDeploymentProblem } from "../store/journal.ts";
import { PROBLEMS, toWorkerAnswers, WORKER_ANSWERS } from "./worker-answers.ts";

export const DEPLOYED_ARTIFACTS = Type.Array(
  Type.Object({
    kind: Type.Optional(Type.String()),
    name: Type.Optional(Type.String()),
    path: Type.String(),
  }),
);

export const NOTES = Type.Array(Type.String(), {
  description: "Sentences that are no problems: warnings, what was left out, who is late.",
});

export const DEPLOYED = Type.Object(
  {
    deployment: Type.Integer(),
    commit: Type.String(),
    artifacts: DEPLOYED_ARTIFACTS,
    workers: WORKER_ANSWERS,
    notes: NOTES,
  },
  { description: "`commit` is live; `deployment` is its number in the journal." },
);

const NULLABLE_TEXT = Type.Union([Type.String(), Type.Null()]);

export const REFUSED = Type.Object(
  {
    Error: Type.String(),
    code: Type.String(),
    deployment: Type.Integer(),
    candidate: NULLABLE_TEXT,
    problems: PROBLEMS,
    workers: WORKER_ANSWERS,
  },
  {
    description:
      "Nothing was changed; every problem is listed with file and line. `candidate`: the commit that workers refused, kept for looking at; null where none was made.",
  },
);

export const FAILED = Type.Object(
  {
    Error: Type.String(),
    code: Type.String(),
    deployment: Type.Optional(Type.Integer()),
    candidate: Type.Optional(NULLABLE_TEXT),
    workers: Type.Optional(WORKER_ANSWERS),
  },
  {
    description:
      "DEPLOY_FAILED: a worker could not take the revision, or did not answer in time, and nobody has switched; `Error` says who, and how to go on. Other codes: the repository or the database does not answer.",
  },
);

/** `changedStatus`: the status when something has changed; 200 when all was there already, 422 refused, 503 failed. */
export function answerDeployment(
  reply: FastifyReply,
  result: DeployResult,
  changedStatus: 200 | 201,
): FastifyReply {
  if (result.kind === "refused") return answerRefused(reply, result);
  if (result.kind === "failed") return answerFailed(reply, result);
  const { kind, deployment, commit, artifacts, workers, notes } = result;
  const status = kind === "unchanged" ? 200 : changedStatus;
  const body = { deployment, commit, artifacts, workers: toWorkerAnswers(workers), notes };
  return reply.code(status).send(body);
}

function answerRefused(
  reply: FastifyReply,
  { deployment, commit, problems, workers }: Extract<DeployResult, { kind: "refused" }>,
): FastifyReply {
  return reply.code(422).send({
    Error: problems.map(formatProblem).join("\n"),
    code: "ARTIFACT_FAULTY",
    deployment,
    candidate: commit ?? null,
    problems: problems.map(toDeploymentProblem),
    workers: toWorkerAnswers(workers),
  });
}

function answerFailed(
  reply: FastifyReply,
  { deployment, commit, reason, workers }: Extract<DeployResult, { kind: "failed" }>,
): FastifyReply {
  return reply.code(503).send({
    Error: reason,
    code: "DEPLOY_FAILED",
    deployment,
    candidate: commit ?? null,
    workers: toWorkerAnswers(workers),
  });
}
