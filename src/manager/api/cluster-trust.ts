/** /management/cluster: join tokens, registered nodes, and the rotations of secret and certificates; for admins. */
import { Type } from "typebox";
import { AppError } from "../../errors/app-error.ts";
import { certificateEnd } from "../trust/certificate-end.ts";
import { JOIN_TOKEN_TTL_S } from "../trust/join-tokens.ts";
import type { ManagerTrust } from "../trust/manager-trust.ts";
import { identityOf } from "./access.ts";
import { ERROR_BODY } from "./api-errors.ts";
import { CERTIFICATE_END } from "./certificate-end-body.ts";
import type {
  ManagementApp,
  ManagementResource,
  ManagementServices,
} from "./management-services.ts";

const TTL = Type.Integer({
  minimum: JOIN_TOKEN_TTL_S.min,
  maximum: JOIN_TOKEN_TTL_S.max,
  default: JOIN_TOKEN_TTL_S.default,
  description: "Seconds until the token expires",
});
const TOKEN = Type.Object(
  { token: Type.String(), expiresInSeconds: Type.Integer() },
  { description: "For one `bascule register-node`." },
);
const MEMBER = Type.Object({
  name: Type.String(),
  role: Type.String(),
  registeredAt: Type.String(),
  ...CERTIFICATE_END,
  inTouch: Type.Boolean(),
});
const MEMBERS = Type.Object(
  {
    count: Type.Integer(),
    generation: Type.Integer(),
    secretRotation: Type.Boolean(),
    list: Type.Array(MEMBER),
  },
  { description: "By name; secretRotation tells whether one is under way." },
);
const DONE = Type.Object({ message: Type.String() }, { description: "Begun." });
const NAME = Type.Object({ name: Type.String({ maxLength: 64 }) });

export const clusterTrustResource: ManagementResource = (app, services) => {
  addReads(app, services);
  addRotations(app, services);
  app.post(
    "/management/cluster/join-tokens",
    {
      config: { summary: "Make a token that registers one node" },
      schema: {
        body: Type.Object({ ttlSeconds: Type.Optional(TTL) }, { additionalProperties: false }),
        response: { 200: TOKEN, 409: ERROR_BODY },
      },
    },
    async (request) => {
      const { ttlSeconds = JOIN_TOKEN_TTL_S.default } = request.body;
      const { authority } = trustOf(services);
      const token = await authority.issueJoinToken(ttlSeconds, identityOf(request).user);
      return { token, expiresInSeconds: ttlSeconds };
    },
  );
  app.delete(
    "/management/cluster/nodes/:name",
    {
      config: { summary: "Remove a node: its certificate, its token and its secret stop working" },
      schema: { params: NAME, response: { 200: DONE, 404: ERROR_BODY, 409: ERROR_BODY } },
    },
    async (request) => {
      const { name } = request.params;
      await trustOf(services).removeNode(name);
      services.log.info(`${name} was removed by ${identityOf(request).user}`);
      return { message: `${name} was removed; the cluster's secret is being replaced` };
    },
  );
};

function addReads(app: ManagementApp, services: ManagementServices): void {
  app.get(
    "/management/cluster/nodes",
    {
      config: { access: "user", summary: "The registered nodes, whose majority counts" },
      schema: { response: { 200: MEMBERS, 409: ERROR_BODY } },
    },
    async () => {
      const trust = trustOf(services);
      const list = (await trust.members()).map((node) => ({
        name: node.name,
        role: node.role,
        registeredAt: new Date(node.registeredAtMs).toISOString(),
        ...certificateEnd(node.certificateUntilMs, services.clock.wallMs()),
        inTouch: node.isInTouch,
      }));
      const { generation, isRotating: secretRotation } = trust.status;
      return { count: list.length, generation, secretRotation, list };
    },
  );
}

function addRotations(app: ManagementApp, services: ManagementServices): void {
  const schema = { response: { 200: DONE, 400: ERROR_BODY, 409: ERROR_BODY, 503: ERROR_BODY } };
  app.post(
    "/management/cluster/secret-rotations",
    { config: { summary: "Replace the cluster's secret on all nodes" }, schema },
    async (request) => {
      await trustOf(services).rotateSecret();
      services.log.info(`The secret is being replaced for ${identityOf(request).user}`);
      return { message: "the cluster's secret is being replaced" };
    },
  );
  app.post(
    "/management/cluster/certificate-rotations",
    { config: { summary: "Replace the internal certificates of all nodes" }, schema },
    async (request) => {
      await trustOf(services).rotateCertificates();
      services.log.info(`Certificates are being replaced for ${identityOf(request).user}`);
      return { message: "every registered node replaces its certificate" };
    },
  );
}

/** @throws AppError CLUSTER_TRUST on a manager without the cluster's authority. */
export function trustOf({ trust }: Pick<ManagementServices, "trust">): ManagerTrust {
  if (trust) return trust;
  const message =
    "this manager does not hold the cluster's authority: run `bascule init-cluster` on the first manager, and start it again";
  throw new AppError("CLUSTER_TRUST", message, { side: "config" });
}
