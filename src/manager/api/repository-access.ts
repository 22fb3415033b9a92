/**
 * Who may use the manager's repository over HTTP: registered nodes by their token (`X-Bascule-Node`, as everywhere), members
 * of a cluster without an authority by a proof of their management certificate's key (`X-Bascule-Member`), and people
 * by Basic or Bearer. Nodes read; so does everybody who is logged in; admins write, with their password.
 */
import type { FastifyRequest } from "fastify";
import type { RepositoryRequest } from "../../depsync/http-backend/repository-request.ts";
import { AppError } from "../../errors/app-error.ts";
import { MEMBER_HEADER, provenMember } from "../../net/trust/member-proof.ts";
import { MEMBER_PROPERTIES } from "../../cluster/member-properties.ts";
import type { RefusalLimiter } from "../auth/refusal-limiter.ts";
import { readCredentials } from "../auth/credentials.ts";
import { trustOf } from "./cluster-trust.ts";
import type { ManagementServices } from "./management-services.ts";

/** Longest token that is looked at. */
const TOKEN_LENGTH_MAX = 200;

/** Whoever was let in. */
export interface RepositoryUser {
  readonly name: string;
  readonly kind: "node" | "user";
}

/** @throws AppError AUTH_FAILED, ACCESS_DENIED, JOIN_REFUSED, LOGIN_LIMITED. */
export async function admit(
  services: ManagementServices,
  limiter: RefusalLimiter,
  request: FastifyRequest,
  { service }: Pick<RepositoryRequest, "service">,
): Promise<RepositoryUser> {
  const { headers, ip } = request;
  const token = headers["x-bascule-node"];
  const proof = headers[MEMBER_HEADER];
  if (token !== undefined || proof !== undefined) {
    const name = await limited(limiter, services, ip, () =>
      typeof token === "string"
        ? registeredNode(services, token)
        : Promise.resolve(provenNode(services, proof)),
    );
    if (service === "git-upload-pack") return { name, kind: "node" };
    throw denied(`${name} is a node: nodes read this repository, and people write it`);
  }
  return admitUser(services, request, service);
}

async function admitUser(
  { authenticator }: ManagementServices,
  { headers, ip }: FastifyRequest,
  service: RepositoryRequest["service"],
): Promise<RepositoryUser> {
  // No cookie counts: git sends none, and a page must not push.
  const credentials = readCredentials(headers.authorization, undefined);
  const { user, isAdmin, via } = await authenticator.authenticate(credentials, ip, true);
  if (service === "git-receive-pack") {
    if (!isAdmin) throw denied(`${user} is no admin, and only admins push`);
    if (via !== "basic") throw denied("a push needs the user's name and password");
  }
  return { name: user, kind: "user" };
}

async function registeredNode(services: ManagementServices, token: string): Promise<string> {
  const { authority } = trustOf(services);
  const { name, role } = await authority.authenticate(token.slice(0, TOKEN_LENGTH_MAX));
  if (role !== "gateway") return name;
  throw denied(`${name} is a gateway, which needs no artifacts`);
}

/** Only where there is no authority: with one, who is not registered has no part in the cluster. */
function provenNode(
  { cluster, trust, identity }: ManagementServices,
  proof: string | readonly string[] | undefined,
): string {
  const own = identity?.fingerprint;
  const proven =
    typeof proof === "string" && own !== undefined && !trust ? provenMember(proof, own) : undefined;
  const member = cluster
    ?.members()
    .find(
      ({ role, properties }) =>
        role === "worker" && properties[MEMBER_PROPERTIES.managementCertificate] === proven,
    );
  if (member && proven !== undefined) return member.name;
  const message = trust
    ? "nodes of this cluster are registered and show their token: register this one (bascule register-node)"
    : "no worker of this cluster has told this certificate through membership";
  throw new AppError("JOIN_REFUSED", message, { side: "downstream" });
}

/** Counts what is refused and logs it once a minute for each address. */
async function limited(
  limiter: RefusalLimiter,
  { log }: ManagementServices,
  ip: string,
  work: () => Promise<string>,
): Promise<string> {
  limiter.check(ip);
  try {
    return await work();
  } catch (error) {
    if (error instanceof AppError && error.code === "JOIN_REFUSED" && limiter.refused(ip))
      log.warn(`A node at ${ip} may not read the repository: ${error.message}`);
    throw error;
  }
}

function denied(message: string): AppError {
  return new AppError("ACCESS_DENIED", message, { side: "downstream" });
}
