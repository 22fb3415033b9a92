/**
 * What nodes themselves ask the manager: registration with a join token, the material that all registered nodes share, another
 * certificate. No user's login counts here: the first needs a join token, the others the node's own token in `X-Bascule-Node`.
 * Wrong ones are counted by address, as failed logins are.
 */
import type { FastifyRequest } from "fastify";
import { Type } from "typebox";
import { AppError } from "../../errors/app-error.ts";
import { RefusalLimiter } from "../auth/refusal-limiter.ts";
import type { TrustMaterial } from "../../net/trust/trust-material.ts";
import type { NodeRecord } from "../store/trust-records.ts";
import { ERROR_BODY } from "./api-errors.ts";
import { trustOf } from "./cluster-trust.ts";
import type { ManagementResource, ManagementServices } from "./management-services.ts";

const KEY = Type.String({ maxLength: 1_000, description: "PEM, P-256" });
const PROOF = Type.String({ maxLength: 200 });
const BODY_BYTES_MAX = 8 * 1024;

const REGISTRATION = Type.Object(
  {
    tokenId: Type.String({ maxLength: 22 }),
    tokenSecret: Type.String({ maxLength: 43 }),
    name: Type.String({ maxLength: 64 }),
    role: Type.Union([Type.Literal("gateway"), Type.Literal("manager"), Type.Literal("worker")]),
    publicKey: KEY,
    proof: PROOF,
  },
  { additionalProperties: false },
);
const RENEWAL = Type.Object(
  { publicKey: KEY, proof: PROOF, proofByOld: PROOF },
  { additionalProperties: false },
);
const MATERIAL = Type.Object({
  generation: Type.Integer(),
  authority: Type.String(),
  secrets: Type.Array(Type.String()),
  allowedSigners: Type.String(),
  members: Type.Array(Type.Object({ name: Type.String(), role: Type.String() })),
  revoked: Type.Array(Type.String()),
});
const GRANTED = Type.Object(
  { id: Type.String(), token: Type.String(), certificate: Type.String(), material: MATERIAL },
  { description: "Registered." },
);
const NEWS = Type.Object(
  {
    mustRenew: Type.Boolean(),
    repository: Type.String({
      description: "Where the deployment repository is: a URL, or a path",
    }),
    material: Type.Optional(MATERIAL),
  },
  { description: "The material is left out when the node has it already." },
);
const HAVE = Type.Object({
  have: Type.Optional(Type.Integer({ minimum: 0, description: "The generation that it has" })),
  certificate: Type.Optional(
    Type.String({ maxLength: 43, description: "The fingerprint of the one that it has" }),
  ),
});
const REFUSALS = { 403: ERROR_BODY, 409: ERROR_BODY, 429: ERROR_BODY };
/** That it was removed is told only where this manager has withdrawn the very certificate: nodes stop at it. */
const REMOVED = { 410: ERROR_BODY };

export const nodeTrustResource: ManagementResource = (app, services) => {
  const limiter = new RefusalLimiter(services.clock);
  app.post(
    "/management/cluster/nodes",
    {
      config: { access: "public", summary: "Register a node with a join token" },
      bodyLimit: BODY_BYTES_MAX,
      schema: { body: REGISTRATION, response: { 200: GRANTED, ...REFUSALS } },
    },
    (request) =>
      limited(limiter, services, request, async () => {
        const { tokenId: id, tokenSecret: secret, ...home } = request.body;
        const granted = await trustOf(services).authority.register({
          ...home,
          token: { id, secret },
        });
        return { ...granted, material: toBody(granted.material) };
      }),
  );
  app.get(
    "/management/cluster/material",
    {
      config: { access: "public", summary: "What a registered node must know (node's token)" },
      schema: { querystring: HAVE, response: { 200: NEWS, ...REFUSALS, ...REMOVED } },
    },
    async (request) => {
      const { have = 0, certificate } = request.query;
      const node = await limited(limiter, services, request, () =>
        nodeOf(services, request, certificate),
      );
      const trust = trustOf(services);
      trust.note(node, have);
      const { material } = trust;
      const mustRenew = await trust.authority.mustRenew(node);
      const news = { mustRenew, repository: services.publisher.location };
      return have < material.generation ? { ...news, material: toBody(material) } : news;
    },
  );
  app.post(
    "/management/cluster/certificates",
    {
      config: { access: "public", summary: "Replace a node's certificate (node's token)" },
      bodyLimit: BODY_BYTES_MAX,
      schema: {
        body: RENEWAL,
        response: { 200: Type.Object({ certificate: Type.String() }), ...REFUSALS },
      },
    },
    (request) =>
      limited(limiter, services, request, async () => {
        const { name } = await nodeOf(services, request);
        return { certificate: await trustOf(services).authority.renew(name, request.body) };
      }),
  );
};

/** Counts what is refused, and logs it once a minute for each address: a node that was removed asks again and again. */
async function limited<Result>(
  limiter: RefusalLimiter,
  { log }: ManagementServices,
  { ip }: FastifyRequest,
  work: () => Promise<Result>,
): Promise<Result> {
  limiter.check(ip);
  try {
    return await work();
  } catch (error) {
    const isRefusal =
      error instanceof AppError && (error.code === "JOIN_REFUSED" || error.code === "NODE_REMOVED");
    if (isRefusal && limiter.refused(ip)) log.warn(`A node at ${ip} was refused: ${error.message}`);
    throw error;
  }
}

/** @param certificate the fingerprint that the node tells, if it does. */
function nodeOf(
  services: ManagementServices,
  { headers }: FastifyRequest,
  certificate?: string,
): Promise<NodeRecord> {
  const credentials = headers["x-bascule-node"];
  const shown = typeof credentials === "string" ? credentials.slice(0, 200) : "";
  return trustOf(services).authority.authenticate(shown, certificate);
}

/** Lists that the schema may take. */
function toBody(material: TrustMaterial) {
  const { secrets, members, revoked } = material;
  return { ...material, secrets: [...secrets], members: [...members], revoked: [...revoked] };
}
