/** GET /management/candidates: what was proposed and not taken, and why; the newest 20 are kept. */
import { type Static, Type } from "typebox";
import { keptCandidates, type KeptCandidate } from "../history/kept-candidates.ts";
import { DEPLOYMENT, toDeploymentBody } from "./deployment-body.ts";
import type { ManagementResource } from "./management-services.ts";
import { toWorkerAnswers, WORKER_ANSWERS } from "./worker-answers.ts";

const CANDIDATE = Type.Object({
  commit: Type.String(),
  ref: Type.String({ description: "Where the repository keeps it, for `git fetch`." }),
  deployment: Type.Union([DEPLOYMENT, Type.Null()], {
    description: "Who proposed it, and what spoke against it; null: the journal has forgotten it.",
  }),
  workers: WORKER_ANSWERS,
});

export const candidatesResource: ManagementResource = (app, { publisher, journal }) => {
  app.get(
    "/management/candidates",
    {
      config: { access: "user", summary: "The candidates that were not taken, newest first" },
      schema: {
        response: {
          200: Type.Object({ count: Type.Integer(), list: Type.Array(CANDIDATE) }),
        },
      },
    },
    async () => {
      const list = (await keptCandidates(publisher, journal)).map(toBody);
      return { count: list.length, list };
    },
  );
};

function toBody({ commit, ref, deployment, answers }: KeptCandidate): Static<typeof CANDIDATE> {
  return {
    commit,
    ref,
    deployment: deployment ? toDeploymentBody(deployment) : null,
    workers: toWorkerAnswers(answers),
  };
}
