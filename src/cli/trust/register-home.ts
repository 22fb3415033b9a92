/**
 * Makes a home a registered one: makes its key, asks the manager with a join token, and writes what it was given. The same for
 * `bascule register-node` and autocluster (over the network) and for `bascule up` (the authority is in the process).
 */
import type {
  GrantedRegistration,
  RegistrationRequest,
} from "../../manager/trust/trust-authority.ts";
import { AppError } from "../../errors/app-error.ts";
import { makeNodeKeyPair, type NodeCertificateRole } from "../../net/tls/node-certificate.ts";
import { askManagerNode } from "../../net/trust/ask-manager-node.ts";
import type { JoinToken } from "../../net/trust/join-token.ts";
import { proveKey } from "../../net/trust/key-proof.ts";
import { authorityFingerprint, type TrustHome } from "../../net/trust/trust-home.ts";
import { readTrustMaterial } from "../../net/trust/trust-material.ts";
import type { Clock } from "../../runtime/clock.ts";

export interface HomeRegistration {
  readonly home: TrustHome;
  readonly name: string;
  readonly role: NodeCertificateRole;
  readonly manager: { readonly host: string; readonly port: number };
  readonly token: JoinToken;
}

/** Brings the request to the authority. */
export type AskAuthority = (request: RegistrationRequest) => Promise<GrantedRegistration>;

/** @throws AppError CLUSTER_TRUST where the home is registered already or the answer is of another cluster; what `ask` throws. */
export async function registerHome(wanted: HomeRegistration, ask: AskAuthority): Promise<void> {
  const { home, name, role, manager, token } = wanted;
  if (home.isRegistered) throw registered(home);
  const { publicKey, privateKey } = makeNodeKeyPair();
  const proof = proveKey({ name, occasion: token.id, publicKey }, privateKey);
  const granted = await ask({ token, name, role, publicKey, proof });
  const { material } = granted;
  if (authorityFingerprint(material.authority) !== token.fingerprint) {
    const message = "the manager gave another authority than the join token names";
    throw new AppError("CLUSTER_TRUST", message, { side: "peer" });
  }
  home.writeIdentity(granted.certificate, material.authority, privateKey);
  home.writeMaterial(material);
  home.writeRegistration({ name, role, id: granted.id, token: granted.token, manager });
}

/** Asks over the network. @throws AppError MANAGER_UNREACHABLE, CLUSTER_TRUST, JOIN_REFUSED. */
export function askOverNetwork(
  manager: HomeRegistration["manager"],
  { fingerprint }: JoinToken,
  clock: Clock,
): AskAuthority {
  const endpoint = { ...manager, authorityFingerprint: fingerprint, isRevoked: () => false };
  return async ({ token, name, role, publicKey, proof }) => {
    const { id: tokenId, secret: tokenSecret } = token;
    const body = { tokenId, tokenSecret, name, role, publicKey, proof };
    const path = "/management/cluster/nodes";
    const answer = await askManagerNode(endpoint, { method: "POST", path, body }, clock);
    return readGranted(
      answer.status,
      answer.body,
      `the manager at ${manager.host}:${manager.port}`,
    );
  };
}

function readGranted(status: number, body: unknown, from: string): GrantedRegistration {
  const fields: Partial<Record<string, unknown>> = typeof body === "object" && body ? body : {};
  if (status !== 200) {
    const { Error: reason = `status ${status}` } = fields;
    const message = `${from} refuses the registration: ${String(reason)}`;
    throw new AppError("JOIN_REFUSED", message, { side: "peer" });
  }
  const { id, token, certificate, material } = fields;
  const isWhole = [id, token, certificate].every((text) => typeof text === "string");
  if (!isWhole)
    throw new AppError("CLUSTER_TRUST", `${from} gave half an answer`, { side: "peer" });
  return {
    id: String(id),
    token: String(token),
    certificate: String(certificate),
    material: readTrustMaterial(material, from),
  };
}

function registered({ home }: TrustHome): AppError {
  const message = `${home} is registered already; to register it anew, remove the node on the manager (\`bascule node remove NAME\`) and the folder conf/trust`;
  return new AppError("CLUSTER_TRUST", message, { side: "config" });
}
