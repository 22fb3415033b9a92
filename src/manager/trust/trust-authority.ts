/**
 * The authority of a cluster, on its first manager: registers homes, certifies their keys, removes nodes, and publishes what all
 * nodes must know. `bascule init-cluster` and `bascule up` use it on a home that does not run, the management API
 * (`api/cluster-trust.ts`, `api/node-trust.ts`) on one that does. Changes are done one after the other.
 */
import { randomBytes, X509Certificate } from "node:crypto";
import type { ClusterSecrets } from "../../cluster/secrets.ts";
import { AppError } from "../../errors/app-error.ts";
import { fingerprintOf } from "../../net/tls/certificate-fingerprint.ts";
import { certifyNode } from "../../net/tls/certify-node.ts";
import {
  isNodeName,
  makeNodeKeyPair,
  type NodeCertificateRole,
} from "../../net/tls/node-certificate.ts";
import { formatJoinToken, type JoinToken } from "../../net/trust/join-token.ts";
import { isProven } from "../../net/trust/key-proof.ts";
import { allowedSignerLine } from "../../net/trust/signing-key.ts";
import { authorityFingerprint, type TrustHome } from "../../net/trust/trust-home.ts";
import { TRUST_ENTRIES_MAX, type TrustMaterial } from "../../net/trust/trust-material.ts";
import type { Log } from "../../observability/log.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { CertificateRecord, NodeRecord, TrustRecords } from "../store/trust-records.ts";
import { type AuthorityFiles, nodeToken } from "./authority-files.ts";
import { isEqual, JoinTokens } from "./join-tokens.ts";

export interface TrustAuthorityOptions {
  readonly files: AuthorityFiles;
  readonly records: TrustRecords;
  /** The manager's own home. */
  readonly home: TrustHome;
  readonly secrets: ClusterSecrets;
  /** Who signs revisions, for the allowed signers, for example "manager@wso2.esb.domain". */
  readonly principal: string;
  /** Called with each new material, when it is in the manager's own home. */
  readonly onPublished: (material: TrustMaterial) => void;
  readonly log: Log;
  readonly clock: Clock;
}

/** What a new home asks for, with a join token. */
export interface RegistrationRequest {
  readonly token: Omit<JoinToken, "fingerprint">;
  readonly name: string;
  readonly role: NodeCertificateRole;
  readonly publicKey: string;
  /** Of the key, with the token's id as its occasion. */
  readonly proof: string;
}

/** What it gets. */
export interface GrantedRegistration {
  readonly id: string;
  readonly token: string;
  readonly certificate: string;
  readonly material: TrustMaterial;
}

/** What a registered node asks for when its certificate is to be replaced. */
export interface RenewalRequest {
  readonly publicKey: string;
  /** Of the new key by itself, and by the key that it replaces. */
  readonly proof: string;
  readonly proofByOld: string;
}

/** A third of the life of a certificate, which is 397 days. */
const RENEW_BEFORE_MS = 132 * 86_400_000;
/** Registered nodes at once. */
const NODES_MAX = 1_000;

export class TrustAuthority {
  readonly #options: TrustAuthorityOptions;
  readonly #tokens: JoinTokens;
  #work: Promise<unknown> = Promise.resolve();

  constructor(options: TrustAuthorityOptions) {
    this.#options = options;
    this.#tokens = new JoinTokens(options.records, options.clock);
  }

  /** @throws AppError MANAGER_BUSY. */
  async issueJoinToken(ttlS: number, madeBy: string): Promise<string> {
    const { files, log } = this.#options;
    const token = await this.#tokens.issue(ttlS, madeBy);
    log.info(`Join token ${token.id} was made by ${madeBy}, valid for ${ttlS} s`);
    const fingerprint = authorityFingerprint(files.authority.certificate);
    return formatJoinToken({ fingerprint, ...token });
  }

  /** @throws AppError JOIN_REFUSED, REQUEST_INVALID. */
  register(request: RegistrationRequest): Promise<GrantedRegistration> {
    return this.#inTurn(async () => {
      const { token, name, role, publicKey, proof } = request;
      if (!isNodeName(name)) throw invalid("the name of a node has 1 to 64 letters, digits, . _ -");
      if (!isProven({ name, occasion: token.id, publicKey }, publicKey, proof))
        throw invalid("the node does not prove that it has the key");
      await this.#checkRoom(name);
      await this.#tokens.redeem(token.id, token.secret, name);
      const { granted, record } = await this.#grant({ name, role, publicKey });
      if (!(await this.#options.records.addNode(record))) throw taken(name);
      this.#options.log.info(`${role} ${name} was registered with the join token ${token.id}`);
      return { ...granted, material: await this.#publish(this.#options.secrets.all) };
    });
  }

  /** Registers the manager's own home without a token: whoever calls this holds the authority. @throws AppError JOIN_REFUSED. */
  registerItself(name: string, manager: { host: string; port: number }): Promise<void> {
    return this.#inTurn(async () => {
      const { home, files } = this.#options;
      const { publicKey, privateKey } = makeNodeKeyPair();
      await this.#checkRoom(name);
      const { granted, record } = await this.#grant({ name, role: "manager", publicKey });
      if (!(await this.#options.records.addNode(record))) throw taken(name);
      home.writeIdentity(granted.certificate, files.authority.certificate, privateKey);
      await this.#publish(this.#options.secrets.all);
      const { id, token } = granted;
      home.writeRegistration({ name, role: "manager", id, token, manager });
    });
  }

  /**
   * The registered node that shows these credentials, "NAME:TOKEN".
   * @param fingerprint of the certificate that it has; "": it does not say.
   * @throws AppError NODE_REMOVED when that certificate of that node was withdrawn, which a node stops at; JOIN_REFUSED in
   * every other case, also for a node that is only not known, as after the manager's database was restored.
   */
  async authenticate(credentials: string, fingerprint = ""): Promise<NodeRecord> {
    const colon = credentials.indexOf(":");
    const [name, token] = [credentials.slice(0, colon), credentials.slice(colon + 1)];
    const node = await this.#options.records.findNode(name);
    const { internalToken } = this.#options.files;
    const expected = nodeToken(internalToken, name, node?.registrationId ?? "nobody");
    if (isEqual(token, expected) && node) return node;
    if (await this.#options.records.isRevoked(fingerprint, name)) throw removed(name);
    const message = "the node is not registered, or was removed; register its home again";
    throw new AppError("JOIN_REFUSED", message, { side: "downstream" });
  }

  /** Certifies another key of the node; the one that it replaces counts until `withdrawReplaced`. @throws AppError JOIN_REFUSED. */
  renew(name: string, { publicKey, proof, proofByOld }: RenewalRequest): Promise<string> {
    return this.#inTurn(async () => {
      const { records, secrets, log } = this.#options;
      const node = await records.findNode(name);
      if (!node) throw invalid(`there is no registered node ${name}`);
      const claim = { name, occasion: `${node.registrationId} ${node.fingerprint}`, publicKey };
      const isRight =
        isProven(claim, publicKey, proof) && isProven(claim, node.publicKey, proofByOld);
      if (!isRight) {
        const message = "the node does not prove that it has the old key and the new one";
        throw new AppError("JOIN_REFUSED", message, { side: "downstream" });
      }
      const { certificate, fields } = await this.#certify(node, publicKey);
      await this.#revokeReplaced(node);
      const { fingerprint, certificateUntilMs: untilMs } = node;
      await records.setCertificate(name, fields, { fingerprint, untilMs });
      log.info(`${name} has got a new certificate`);
      await this.#publish(secrets.all);
      return certificate;
    });
  }

  /** The node shows its new certificate: the one before is withdrawn. Does nothing where there is none. */
  withdrawReplaced(name: string): Promise<void> {
    return this.#inTurn(async () => {
      const node = await this.#options.records.findNode(name);
      if (!node?.replaced) return;
      await this.#revokeReplaced(node);
      await this.#options.records.forgetReplaced(name);
      await this.#publish(this.#options.secrets.all);
    });
  }

  /** Withdraws certificate and token. @throws AppError RESOURCE_UNKNOWN; REQUEST_INVALID for the manager itself. */
  remove(name: string): Promise<void> {
    return this.#inTurn(async () => {
      const { records, home, secrets, log } = this.#options;
      const node = await records.findNode(name);
      if (!node) throw unknown(`there is no registered node ${name}`);
      if (name === home.registration().name)
        throw invalid(`${name} is this manager, which holds the cluster's authority`);
      await this.#revokeReplaced(node);
      await records.revoke(node.fingerprint, name, node.certificateUntilMs);
      await records.removeNode(name);
      log.info(`${name} was removed: its certificate and its token do not count any more`);
      await this.#publish(secrets.all);
    });
  }

  /** All certificates that were made before are to be replaced. @returns the number of the round. */
  startRound(): Promise<number> {
    return this.#inTurn(async () => {
      const round = (await this.#round()) + 1;
      await this.#options.records.setState("certificateRound", String(round));
      await this.#publish(this.#options.secrets.all);
      return round;
    });
  }

  /** Whether the node is to replace its certificate now: a round has begun, or a third of its life is left. */
  async mustRenew({ certificateRound, certificateUntilMs }: NodeRecord): Promise<boolean> {
    const leftMs = certificateUntilMs - this.#options.clock.wallMs();
    return leftMs < RENEW_BEFORE_MS || certificateRound < (await this.#round());
  }

  /** Makes these the cluster's secrets. @returns the generation of the material that says so. */
  publish(secrets: readonly string[]): Promise<number> {
    return this.#inTurn(async () => (await this.#publish(secrets)).generation);
  }

  async #publish(secrets: readonly string[]): Promise<TrustMaterial> {
    const { records, files, home, principal, clock, onPublished } = this.#options;
    const generation = Number((await records.state("generation")) ?? "0") + 1;
    await records.setState("generation", String(generation));
    const nodes = await records.nodes();
    const material: TrustMaterial = {
      generation,
      authority: files.authority.certificate,
      secrets,
      allowedSigners: allowedSignerLine(files.signingKey, principal),
      members: nodes.map(({ name, role }) => ({ name, role })),
      revoked: (await records.revoked(clock.wallMs())).slice(-TRUST_ENTRIES_MAX),
    };
    home.writeMaterial(material);
    await this.#options.secrets.replace(secrets);
    onPublished(material);
    return material;
  }

  async #grant(node: { name: string; role: NodeCertificateRole; publicKey: string }) {
    const { files, clock } = this.#options;
    const registrationId = randomBytes(12).toString("base64url");
    const { certificate, fields } = await this.#certify(node, node.publicKey);
    const token = nodeToken(files.internalToken, node.name, registrationId);
    const { name, role } = node;
    const registeredAtMs = clock.wallMs();
    const record: NodeRecord = { name, role, registrationId, registeredAtMs, ...fields };
    return { granted: { id: registrationId, token, certificate }, record };
  }

  async #certify(
    { name, role }: { name: string; role: NodeCertificateRole },
    publicKey: string,
  ): Promise<{ certificate: string; fields: CertificateRecord }> {
    const certificate = await certifyNode({ name, role }, publicKey, this.#options.files.authority);
    const parsed = new X509Certificate(certificate);
    const fields = {
      publicKey,
      fingerprint: fingerprintOf(parsed),
      certificateUntilMs: Date.parse(parsed.validTo),
      certificateRound: await this.#round(),
    };
    return { certificate, fields };
  }

  async #revokeReplaced({ name, replaced }: NodeRecord): Promise<void> {
    if (!replaced) return;
    await this.#options.records.revoke(replaced.fingerprint, name, replaced.untilMs);
  }

  async #round(): Promise<number> {
    return Number((await this.#options.records.state("certificateRound")) ?? "0");
  }

  async #checkRoom(name: string): Promise<void> {
    const nodes = await this.#options.records.nodes();
    if (nodes.some((node) => node.name === name)) throw taken(name);
    if (nodes.length < NODES_MAX) return;
    throw invalid(`${NODES_MAX} nodes are registered already; remove those that are gone`);
  }

  /** One change after the other; a failed one does not keep the next from being done. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#work.then(work);
    this.#work = result.catch(() => {});
    return result;
  }
}

function taken(name: string): AppError {
  const message = `a node ${name} is registered already; choose another name with --name, or remove the old one with \`bascule node remove ${name}\``;
  return new AppError("JOIN_REFUSED", message, { side: "downstream" });
}

function removed(name: string): AppError {
  const message = `${name} was removed from the cluster; register its home again`;
  return new AppError("NODE_REMOVED", message, { side: "downstream" });
}

function invalid(message: string): AppError {
  return new AppError("REQUEST_INVALID", message, { side: "downstream" });
}

function unknown(message: string): AppError {
  return new AppError("RESOURCE_UNKNOWN", message, { side: "downstream" });
}
