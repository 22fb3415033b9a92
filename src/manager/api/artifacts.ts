/** /management/artifacts: what the live revision consists of, the source of one artifact, and undeploying it. */
import { Type } from "typebox";
import { AppError } from "../../errors/app-error.ts";
import type { ArtifactKind } from "../../mediation/engine.ts";
import { artifactKindOf, artifactKinds } from "../artifact-place.ts";
import { authorOf } from "./author.ts";
import { ERROR_BODY } from "./api-errors.ts";
import { answerDeployment, DEPLOYED, REFUSED } from "./deployment-answer.ts";
import type { ManagementResource } from "./management-services.ts";

const ARTIFACTS = Type.Object(
  {
    revision: Type.Union([Type.String(), Type.Null()]),
    count: Type.Integer(),
    list: Type.Array(
      Type.Object({ kind: Type.String(), name: Type.String(), path: Type.String() }),
    ),
  },
  { description: "The artifacts of the live revision." },
);
const ONE = Type.Object({
  kind: Type.String({ description: artifactKinds().join(", ") }),
  name: Type.String({ minLength: 1, maxLength: 200 }),
});

export const artifactsResource: ManagementResource = (app, services) => {
  const { revisions, deployments } = services;
  app.get(
    "/management/artifacts",
    {
      config: { access: "user", summary: "The artifacts of the live revision" },
      schema: { response: { 200: ARTIFACTS } },
    },
    async () => {
      const { commit = null, artifacts } = await revisions.live();
      const list = artifacts.map(({ kind, name, path }) => ({ kind, name, path }));
      return { revision: commit, count: list.length, list };
    },
  );
  app.get(
    "/management/artifacts/:kind/:name",
    {
      config: { access: "user", summary: "The XML source of one artifact" },
      schema: { params: ONE },
    },
    async (request, reply) => {
      const { kind, name } = request.params;
      const { artifacts, files } = await revisions.live();
      const wanted = kindOf(kind, name);
      const artifact = artifacts.find((one) => one.kind === wanted && one.name === name);
      const file = artifact && files.get(artifact.path);
      if (!file) throw unknownArtifact(kind, name);
      return reply.type("application/xml; charset=utf-8").send(file.content);
    },
  );
  app.delete(
    "/management/artifacts/:kind/:name",
    {
      config: { summary: "Undeploy one artifact" },
      schema: { params: ONE, response: { 200: DEPLOYED, 404: ERROR_BODY, 422: REFUSED } },
    },
    async (request, reply) => {
      const { kind, name } = request.params;
      const result = await deployments.undeploy(kindOf(kind, name), name, authorOf(request));
      return answerDeployment(reply, result, 200);
    },
  );
};

function kindOf(word: string, name: string): ArtifactKind {
  const kind = artifactKindOf(word);
  if (kind) return kind;
  throw unknownArtifact(word, name);
}

function unknownArtifact(kind: string, name: string): AppError {
  return new AppError("ARTIFACT_UNKNOWN", `no ${kind} "${name}" is deployed`, {
    side: "downstream",
  });
}
