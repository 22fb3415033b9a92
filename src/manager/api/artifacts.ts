/** /management/artifacts: what the live revision consists of, the source of one artifact, and undeploying it. */
import { isUtf8 } from "node:buffer";
import { Type } from "typebox";
import { AppError } from "../../errors/app-error.ts";
import type { ArtifactSummary } from "../../mediation/engine.ts";
import {
  appIdOf,
  artifactKindOf,
  artifactKinds,
  type DeployableKind,
  defaultPathOf,
} from "../artifact-place.ts";
import { resourceKeyOf } from "../../mediation/registry-place.ts";
import { RESOURCE_KEY_LENGTH_MAX } from "../registry-key.ts";
import type { CompiledTree } from "../revisions.ts";
import { authorOf } from "./author.ts";
import { ERROR_BODY } from "./api-errors.ts";
import { answerDeployment, DEPLOYED, FAILED, REFUSED } from "./deployment-answer.ts";
import { CHANGE_QUERY } from "./deployment-upload.ts";
import type { ManagementResource } from "./management-services.ts";

const ARTIFACTS = Type.Object(
  {
    revision: Type.Union([Type.String(), Type.Null()]),
    count: Type.Integer(),
    list: Type.Array(
      Type.Object({
        kind: Type.String(),
        name: Type.String(),
        path: Type.String(),
        app: Type.Optional(
          Type.String({ description: "The carbon application that it came with." }),
        ),
      }),
    ),
  },
  { description: "The artifacts of the live revision." },
);
const ONE = Type.Object({
  kind: Type.String({ description: artifactKinds().join(", ") }),
  name: Type.String({ minLength: 1, maxLength: RESOURCE_KEY_LENGTH_MAX }),
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
      const { commit = null, artifacts, files } = await revisions.live();
      const list = [...artifacts.map(toRow), ...wholeFilesIn(files.keys())];
      return { revision: commit, count: list.length, list };
    },
  );
  app.get(
    "/management/artifacts/:kind/:name",
    {
      config: {
        access: "user",
        summary: "The XML source of one artifact, a carbon application, or a registry resource",
      },
      schema: { params: ONE },
    },
    async (request, reply) => {
      const { kind, name } = request.params;
      const wanted = kindOf(kind, name);
      const source = sourceOf(await revisions.live(), wanted, name);
      if (source === undefined) throw unknownArtifact(kind, name);
      return reply.type(mediaTypeOf(wanted, source)).send(source);
    },
  );
  app.delete(
    "/management/artifacts/:kind/:name",
    {
      config: { summary: "Undeploy one artifact" },
      schema: {
        params: ONE,
        querystring: Type.Object(CHANGE_QUERY, { additionalProperties: false }),
        response: { 200: DEPLOYED, 404: ERROR_BODY, 422: REFUSED, 503: FAILED },
      },
    },
    async (request, reply) => {
      const { kind, name } = request.params;
      const { message, without = [] } = request.query;
      const options = { message, withoutNodes: without };
      const wanted = kindOf(kind, name);
      const result = await deployments.undeploy(wanted, name, authorOf(request), options);
      return answerDeployment(reply, result, 200);
    },
  );
};

/** The file as it was deployed; of an artifact inside of an application what the engine has read. */
function sourceOf(
  { artifacts, files }: CompiledTree,
  kind: DeployableKind,
  name: string,
): Buffer | string | undefined {
  if (kind === "carbonapp" || kind === "registry-resource")
    return files.get(defaultPathOf(kind, name) ?? "")?.content;
  const artifact = artifacts.find((one) => one.kind === kind && one.name === name);
  return artifact && (files.get(artifact.path)?.content ?? artifact.source?.());
}

function toRow({ kind, name, path, app }: ArtifactSummary) {
  return { kind, name, path, ...(app !== undefined && { app }) };
}

/** Applications and registry resources. */
function wholeFilesIn(paths: Iterable<string>) {
  return [...paths].flatMap((path) => {
    const app = appIdOf(path);
    if (app !== undefined) return [{ kind: "carbonapp", name: app, path }];
    const key = resourceKeyOf(path);
    return key === undefined ? [] : [{ kind: "registry-resource", name: key, path }];
  });
}

/** Never one that a browser would run. */
function mediaTypeOf(kind: DeployableKind, source: Buffer | string): string {
  if (kind === "carbonapp") return "application/octet-stream";
  if (kind !== "registry-resource") return "application/xml; charset=utf-8";
  const isText = typeof source === "string" || isUtf8(source);
  return isText ? "text/plain; charset=utf-8" : "application/octet-stream";
}

function kindOf(word: string, name: string): DeployableKind {
  const kind = artifactKindOf(word);
  if (kind) return kind;
  throw unknownArtifact(word, name);
}

function unknownArtifact(kind: string, name: string): AppError {
  return new AppError("ARTIFACT_UNKNOWN", `no ${kind} "${name}" is deployed`, {
    side: "downstream",
  });
}
