/** The answer to everything that changes what runs: what is live now, or every problem that speaks against it. */
import type { FastifyReply } from "fastify";
import { Type } from "typebox";
import { formatProblem } from "../../errors/config-error.ts";
import type { DeployResult } from "../deployments.ts";
import { toDeploymentProblem } from "../store/journal.ts";

export const PROBLEMS = Type.Array(
  Type.Object({ file: Type.String(), line: Type.Integer(), message: Type.String() }),
);

export const DEPLOYED_ARTIFACTS = Type.Array(
  Type.Object({
    kind: Type.Optional(Type.String()),
    name: Type.Optional(Type.String()),
    path: Type.String(),
  }),
);

export const DEPLOYED = Type.Object(
  { deployment: Type.Integer(), commit: Type.String(), artifacts: DEPLOYED_ARTIFACTS },
  { description: "`commit` is live; `deployment` is its number in the journal." },
);

export const REFUSED = Type.Object(
  {
    Error: Type.String(),
    code: Type.String(),
    deployment: Type.Integer(),
    problems: PROBLEMS,
  },
  { description: "Nothing was changed; every problem is listed with file and line." },
);

/** `changedStatus`: the status when something has changed; 200 when all was there already, 422 when refused. */
export function answerDeployment(
  reply: FastifyReply,
  result: DeployResult,
  changedStatus: 200 | 201,
): FastifyReply {
  if (result.kind === "refused") {
    const { deployment, problems } = result;
    return reply.code(422).send({
      Error: problems.map(formatProblem).join("\n"),
      code: "ARTIFACT_FAULTY",
      deployment,
      problems: problems.map(toDeploymentProblem),
    });
  }
  const { kind, deployment, commit, artifacts } = result;
  const status = kind === "unchanged" ? 200 : changedStatus;
  return reply.code(status).send({ deployment, commit, artifacts });
}
