/** /management/deployments: deploys artifacts, and tells what was deployed, by whom, who took it, and what was refused. */
import { Type } from "typebox";
import { AppError } from "../../errors/app-error.ts";
import { differenceOf, type RevisionDifference } from "../history/revision-difference.ts";
import type { Deployment } from "../store/journal.ts";
import { ERROR_BODY } from "./api-errors.ts";
import { authorOf } from "./author.ts";
import { answerDeployment, DEPLOYED, FAILED, REFUSED } from "./deployment-answer.ts";
import {
  DEPLOYMENT,
  DEPLOYMENT_DETAIL,
  toDeploymentBody,
  toDetailBody,
} from "./deployment-body.ts";
import {
  addUploadParsers,
  readUploads,
  UPLOAD_BODY,
  UPLOAD_BYTES_MAX,
  UPLOAD_QUERY,
} from "./deployment-upload.ts";
import type {
  ManagementApp,
  ManagementResource,
  ManagementServices,
} from "./management-services.ts";

const PAGE_MAX = 100;
const PAGE_DEFAULT = 20;

const PAGE = Type.Object(
  {
    count: Type.Integer(),
    list: Type.Array(DEPLOYMENT),
    next: Type.Union([Type.Integer(), Type.Null()], {
      description: "`before` of the next page; null on the last one",
    }),
  },
  { description: "Newest first." },
);

const UPLOAD_ROUTE = {
  bodyLimit: UPLOAD_BYTES_MAX,
  config: {
    summary:
      "Deploy one artifact (XML), a carbon application (.car), a registry resource (key), or several (JSON)",
  },
  schema: {
    querystring: UPLOAD_QUERY,
    body: UPLOAD_BODY,
    response: { 200: DEPLOYED, 201: DEPLOYED, 400: ERROR_BODY, 422: REFUSED, 503: FAILED },
  },
} as const;

export const deploymentsResource: ManagementResource = (app, services) => {
  const { deployments } = services;
  addUploadParsers(app);
  app.post("/management/deployments", UPLOAD_ROUTE, async (request, reply) => {
    const { file, key, message, without = [] } = request.query;
    const uploads = await readUploads(request.body, { name: file, key });
    const options = { message, withoutNodes: without };
    const result = await deployments.deploy(uploads, authorOf(request), options);
    return answerDeployment(reply, result, 201);
  });
  addList(app, services);
  addOne(app, services);
};

function addList(app: ManagementApp, { journal }: ManagementServices): void {
  app.get(
    "/management/deployments",
    {
      config: { access: "user", summary: "The journal of deployments, newest first" },
      schema: {
        querystring: Type.Object(
          {
            limit: Type.Integer({ minimum: 1, maximum: PAGE_MAX, default: PAGE_DEFAULT }),
            before: Type.Optional(Type.Integer({ minimum: 1 })),
            artifact: Type.Optional(
              Type.String({
                minLength: 1,
                maxLength: 300,
                description: "Only those that list an artifact of that name.",
              }),
            ),
          },
          { additionalProperties: false },
        ),
        response: { 200: PAGE },
      },
    },
    async ({ query: { limit, before, artifact } }) => {
      const rows = await journal.list(limit + 1, before, artifact);
      const list = rows.slice(0, limit).map(toDeploymentBody);
      const next = rows.length > limit ? (list.at(-1)?.id ?? null) : null;
      return { count: list.length, list, next };
    },
  );
}

function addOne(app: ManagementApp, services: ManagementServices): void {
  app.get(
    "/management/deployments/:id",
    {
      config: { access: "user", summary: "One deployment: its steps, workers' answers, changes" },
      schema: {
        params: Type.Object({ id: Type.Integer({ minimum: 1 }) }),
        response: { 200: DEPLOYMENT_DETAIL, 404: ERROR_BODY },
      },
    },
    async ({ params: { id } }) => {
      const row = await services.journal.find(id);
      if (!row)
        throw new AppError("RESOURCE_UNKNOWN", `there is no deployment ${id}`, {
          side: "downstream",
        });
      const answers = await services.journal.answers(id);
      return toDetailBody(row, answers, await changesOf(row, services));
    },
  );
}

/** A commit that the repository has no more is no reason to tell nothing. */
async function changesOf(
  { id, baseCommit: from, commit: to }: Deployment,
  { publisher, log }: ManagementServices,
): Promise<RevisionDifference | undefined> {
  if (to === undefined || to === from) return undefined;
  try {
    return await differenceOf(publisher, { from, to, withLines: false });
  } catch (error) {
    log.info(`The changes of deployment ${id} cannot be told`, { error });
    return undefined;
  }
}
