/**
 * Ways back: POST /management/deployments/rollback to any revision, POST /management/deployments/{id}/rollback to the one
 * that a deployment made. Either is a new commit whose tree is the old one's, through the same barrier as every deploy.
 */
import { Type } from "typebox";
import { RevisionNames, REVISION_HELP, REVISION_PATTERN } from "../history/revision-names.ts";
import { ERROR_BODY } from "./api-errors.ts";
import { authorOf } from "./author.ts";
import { answerDeployment, DEPLOYED, FAILED, REFUSED } from "./deployment-answer.ts";
import { CHANGE_QUERY } from "./deployment-upload.ts";
import type { ManagementResource } from "./management-services.ts";

const QUERY = Type.Object(CHANGE_QUERY, { additionalProperties: false });
const RESPONSES = {
  200: DEPLOYED,
  201: DEPLOYED,
  400: ERROR_BODY,
  404: ERROR_BODY,
  422: REFUSED,
  503: FAILED,
};

export const rollbacksResource: ManagementResource = (app, services) => {
  const { deployments, publisher, journal } = services;
  const names = new RevisionNames(publisher, journal);
  app.post(
    "/management/deployments/rollback",
    {
      config: { summary: "Make the content of an earlier revision live again" },
      schema: {
        querystring: QUERY,
        body: Type.Object(
          { revision: Type.String({ pattern: REVISION_PATTERN, description: REVISION_HELP }) },
          { additionalProperties: false },
        ),
        response: RESPONSES,
      },
    },
    async (request, reply) => {
      const { message, without = [] } = request.query;
      const commit = await names.resolve(request.body.revision);
      const options = { message, withoutNodes: without };
      return answerDeployment(
        reply,
        await deployments.rollback(commit, authorOf(request), options),
        201,
      );
    },
  );
  app.post(
    "/management/deployments/:id/rollback",
    {
      config: { summary: "Make the content that a deployment made live, live again" },
      schema: {
        params: Type.Object({ id: Type.Integer({ minimum: 1 }) }),
        querystring: QUERY,
        response: RESPONSES,
      },
    },
    async (request, reply) => {
      const { message, without = [] } = request.query;
      const commit = await names.ofDeployment(request.params.id);
      const options = { message, withoutNodes: without };
      return answerDeployment(
        reply,
        await deployments.rollback(commit, authorOf(request), options),
        201,
      );
    },
  );
};
