/** /management/signers: whose pushed commits are deployed. A change is a deploy: signed by the manager, staged, journaled. */
import { Type } from "typebox";
import {
  ALLOWED_SIGNERS_PATH,
  readAllowedSigners,
} from "../../depsync/signatures/allowed-signers.ts";
import { CHANGE_QUERY } from "./deployment-upload.ts";
import { addSigner, removeSigner } from "../signers.ts";
import { ERROR_BODY } from "./api-errors.ts";
import { authorOf } from "./author.ts";
import { answerDeployment, DEPLOYED, FAILED, REFUSED } from "./deployment-answer.ts";
import type {
  ManagementApp,
  ManagementResource,
  ManagementServices,
} from "./management-services.ts";

const SIGNER = Type.Object({
  name: Type.String(),
  kind: Type.String({ description: "ssh-ed25519, ecdsa-sha2-nistp256, ..., ssh-rsa" }),
  fingerprint: Type.String({ description: "SHA256:..., as ssh-keygen -l shows it" }),
});
const SIGNERS = Type.Object(
  {
    count: Type.Integer(),
    list: Type.Array(SIGNER),
    problems: Type.Array(Type.Object({ line: Type.Integer(), message: Type.String() })),
  },
  { description: "Of the live revision; `problems`: lines of its file that are passed over." },
);
const NEW_SIGNER = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 200, description: "A name or e-mail address" }),
    key: Type.String({ minLength: 1, maxLength: 16_384, description: "A line of a .pub file" }),
  },
  { additionalProperties: false },
);
const QUERY = Type.Object({ without: CHANGE_QUERY.without }, { additionalProperties: false });
const NAME = Type.Object({ name: Type.String({ minLength: 1, maxLength: 200 }) });
const NOT_CHANGED = { 400: ERROR_BODY, 422: REFUSED, 503: FAILED };

export const signersResource: ManagementResource = (app, services) => {
  addList(app, services);
  addChanges(app, services);
};

function addList(app: ManagementApp, { revisions }: ManagementServices): void {
  app.get(
    "/management/signers",
    {
      config: { access: "user", summary: "Whose pushed commits are deployed" },
      schema: { response: { 200: SIGNERS } },
    },
    async () => {
      const { files } = await revisions.live();
      const text = files.get(ALLOWED_SIGNERS_PATH)?.content.toString("utf8") ?? "";
      const { signers, problems } = readAllowedSigners(text);
      const list = signers.map(({ name, key: { kind, fingerprint } }) => ({
        name,
        kind,
        fingerprint,
      }));
      return { count: list.length, list, problems: [...problems] };
    },
  );
}

function addChanges(app: ManagementApp, { deployments }: ManagementServices): void {
  app.post(
    "/management/signers",
    {
      config: { summary: "Let somebody's pushed commits be deployed" },
      schema: {
        querystring: QUERY,
        body: NEW_SIGNER,
        response: { 200: DEPLOYED, 201: DEPLOYED, ...NOT_CHANGED },
      },
    },
    async (request, reply) => {
      const { name, key } = request.body;
      const author = authorOf(request);
      const message = `signers: add ${name}`;
      const result = await deployments.changeSigners(
        (content) => addSigner(content, name, key),
        author,
        { message, withoutNodes: request.query.without ?? [] },
      );
      return answerDeployment(reply, result, 201);
    },
  );
  app.delete(
    "/management/signers/:name",
    {
      config: { summary: "Deploy somebody's pushed commits no more" },
      schema: {
        params: NAME,
        querystring: QUERY,
        response: { 200: DEPLOYED, 404: ERROR_BODY, ...NOT_CHANGED },
      },
    },
    async (request, reply) => {
      const { name } = request.params;
      const author = authorOf(request);
      const message = `signers: remove ${name}`;
      const result = await deployments.changeSigners(
        (content) => removeSigner(content, name),
        author,
        { message, withoutNodes: request.query.without ?? [] },
      );
      return answerDeployment(reply, result, 200);
    },
  );
}
