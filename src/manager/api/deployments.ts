/** /management/deployments: deploys artifacts, and tells what was deployed, by whom, and what was refused. */
import { type Static, Type } from "typebox";
import { Value } from "typebox/value";
import { AppError } from "../../errors/app-error.ts";
import type { Upload } from "../deployment-plan.ts";
import type { Deployment } from "../store/journal.ts";
import { ERROR_BODY } from "./api-errors.ts";
import { authorOf } from "./author.ts";
import {
  answerDeployment,
  DEPLOYED,
  DEPLOYED_ARTIFACTS,
  PROBLEMS,
  REFUSED,
} from "./deployment-answer.ts";
import type { ManagementApp, ManagementResource } from "./management-services.ts";

/** Largest body, in bytes. */
export const UPLOAD_BYTES_MAX = 10 * 1024 * 1024;
const FILES_MAX = 1_000;
const PAGE_MAX = 100;
const PAGE_DEFAULT = 20;

const FILE_NAME = Type.String({
  minLength: 1,
  maxLength: 255,
  pattern: "^[^\\u0000-\\u001f\\u007f]+$",
  description: "Your name of the file, shown in problems.",
});
const SEVERAL = Type.Object(
  {
    files: Type.Array(
      Type.Object(
        { name: FILE_NAME, content: Type.String({ minLength: 1 }) },
        { additionalProperties: false },
      ),
      { minItems: 1, maxItems: FILES_MAX },
    ),
  },
  { additionalProperties: false, description: "Several artifacts, of which all go in or none." },
);
const NULLABLE_TEXT = Type.Union([Type.String(), Type.Null()]);
const DEPLOYMENT = Type.Object({
  id: Type.Integer(),
  who: Type.String(),
  via: Type.String(),
  action: Type.String(),
  artifacts: DEPLOYED_ARTIFACTS,
  at: Type.String({ description: "ISO 8601" }),
  commit: NULLABLE_TEXT,
  outcome: Type.String(),
  problems: PROBLEMS,
});
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
  config: { summary: "Deploy one artifact (XML) or several (JSON)" },
  schema: {
    querystring: Type.Object({ file: Type.Optional(FILE_NAME) }, { additionalProperties: false }),
    body: {
      content: {
        "application/xml": { schema: Type.Unsafe<Buffer>({}) },
        "text/xml": { schema: Type.Unsafe<Buffer>({}) },
        "application/json": { schema: SEVERAL },
      },
    },
    response: { 200: DEPLOYED, 201: DEPLOYED, 400: ERROR_BODY, 422: REFUSED },
  },
} as const;

export const deploymentsResource: ManagementResource = (app, { deployments, journal }) => {
  app.addContentTypeParser(
    ["application/xml", "text/xml"],
    { parseAs: "buffer" },
    (_request, body, done) => done(null, body),
  );
  app.post("/management/deployments", UPLOAD_ROUTE, async (request, reply) => {
    const uploads = readUploads(request.body, request.query.file);
    const result = await deployments.deploy(uploads, authorOf(request));
    return answerDeployment(reply, result, 201);
  });
  app.get(
    "/management/deployments",
    {
      config: { access: "user", summary: "The journal of deployments, newest first" },
      schema: {
        querystring: Type.Object(
          {
            limit: Type.Integer({ minimum: 1, maximum: PAGE_MAX, default: PAGE_DEFAULT }),
            before: Type.Optional(Type.Integer({ minimum: 1 })),
          },
          { additionalProperties: false },
        ),
        response: { 200: PAGE },
      },
    },
    async ({ query: { limit, before } }) => {
      const rows = await journal.list(limit + 1, before);
      const list = rows.slice(0, limit).map(toBody);
      const next = rows.length > limit ? (list.at(-1)?.id ?? null) : null;
      return { count: list.length, list, next };
    },
  );
  addOneDeployment(app, journal.find.bind(journal));
};

function addOneDeployment(
  app: ManagementApp,
  find: (id: number) => Promise<Deployment | undefined>,
): void {
  app.get(
    "/management/deployments/:id",
    {
      config: { access: "user", summary: "One deployment of the journal" },
      schema: {
        params: Type.Object({ id: Type.Integer({ minimum: 1 }) }),
        response: { 200: DEPLOYMENT, 404: ERROR_BODY },
      },
    },
    async ({ params: { id } }) => {
      const row = await find(id);
      if (row) return toBody(row);
      throw new AppError("RESOURCE_UNKNOWN", `there is no deployment ${id}`, {
        side: "downstream",
      });
    },
  );
}

function readUploads(body: unknown, name: string | undefined): readonly Upload[] {
  if (Buffer.isBuffer(body) && body.length > 0) return [{ name, content: body }];
  if (Value.Check(SEVERAL, body))
    return body.files.map((file) => ({
      name: file.name,
      content: Buffer.from(file.content, "utf8"),
    }));
  throw new AppError("REQUEST_INVALID", "the body must be the XML of one artifact", {
    side: "downstream",
  });
}

function toBody(row: Deployment): Static<typeof DEPLOYMENT> {
  const { id, who, via, action, artifacts, atMs, commit = null, outcome, problems } = row;
  return {
    id,
    who,
    via,
    action,
    artifacts: [...artifacts],
    at: new Date(atMs).toISOString(),
    commit,
    outcome,
    problems: [...problems],
  };
}
