/**
 * What the manager keeps of the cluster's trust: registered nodes, join tokens as hashes, withdrawn certificates, and where a
 * rotation stands. Rules are `manager/trust/`'s; here each call is one statement, so that what must happen once
 * (a token's use) happens once whoever else writes the database.
 */
import type { Kysely, Selectable } from "kysely";
import type { ClusterNodeTable, Tables } from "./tables.ts";

export interface NodeRecord {
  readonly name: string;
  readonly role: "gateway" | "manager" | "worker";
  readonly registrationId: string;
  readonly publicKey: string;
  readonly fingerprint: string;
  readonly certificateUntilMs: number;
  readonly certificateRound: number;
  readonly registeredAtMs: number;
  /** The certificate before, which counts until the node is known to show the new one. */
  readonly replaced?: ReplacedCertificate | undefined;
}

export interface ReplacedCertificate {
  readonly fingerprint: string;
  readonly untilMs: number;
}

export type CertificateRecord = Pick<
  NodeRecord,
  "publicKey" | "fingerprint" | "certificateUntilMs" | "certificateRound"
>;

export interface JoinTokenRecord {
  readonly id: string;
  readonly secretHash: string;
  readonly madeBy: string;
  readonly expiresAtMs: number;
}

/** generation: of the material. certificateRound: of `certs rotate`. newSecret: hash of the one that a rotation brings in, else "". */
export type TrustStateName = "generation" | "certificateRound" | "newSecret";

export class TrustRecords {
  readonly #database: Kysely<Tables>;

  constructor(database: Kysely<Tables>) {
    this.#database = database;
  }

  /** By name. */
  async nodes(): Promise<readonly NodeRecord[]> {
    const query = this.#database.selectFrom("cluster_nodes").selectAll().orderBy("name");
    return (await query.execute()).map(toNode);
  }

  async findNode(name: string): Promise<NodeRecord | undefined> {
    const query = this.#database.selectFrom("cluster_nodes").selectAll().where("name", "=", name);
    const row = await query.executeTakeFirst();
    return row && toNode(row);
  }

  /** @returns false when the name is taken; nothing is changed then. */
  async addNode(node: NodeRecord): Promise<boolean> {
    const result = await this.#database
      .insertInto("cluster_nodes")
      .values({
        name: node.name,
        role: node.role,
        registration_id: node.registrationId,
        registered_at: node.registeredAtMs,
        ...certificateColumns(node),
      })
      .onConflict((conflict) => conflict.column("name").doNothing())
      .executeTakeFirst();
    return Number(result.numInsertedOrUpdatedRows ?? 0) > 0;
  }

  async setCertificate(
    name: string,
    certificate: CertificateRecord,
    replaced: ReplacedCertificate,
  ): Promise<void> {
    const { fingerprint, untilMs } = replaced;
    await this.#database
      .updateTable("cluster_nodes")
      .set({
        ...certificateColumns(certificate),
        replaced_fingerprint: fingerprint,
        replaced_until: untilMs,
      })
      .where("name", "=", name)
      .execute();
  }

  async forgetReplaced(name: string): Promise<void> {
    await this.#database
      .updateTable("cluster_nodes")
      .set({ replaced_fingerprint: null, replaced_until: null })
      .where("name", "=", name)
      .execute();
  }

  async removeNode(name: string): Promise<void> {
    await this.#database.deleteFrom("cluster_nodes").where("name", "=", name).execute();
  }

  async addToken({ id, secretHash, madeBy, expiresAtMs }: JoinTokenRecord): Promise<void> {
    await this.#database
      .insertInto("join_tokens")
      .values({ id, secret_hash: secretHash, made_by: madeBy, expires_at: expiresAtMs })
      .execute();
  }

  /** Tokens that were neither used nor are over. */
  async countTokens(): Promise<number> {
    const query = this.#database
      .selectFrom("join_tokens")
      .select("id")
      .where("used_by", "is", null);
    return (await query.execute()).length;
  }

  async findToken(id: string): Promise<(JoinTokenRecord & { usedBy: string | null }) | undefined> {
    const query = this.#database.selectFrom("join_tokens").selectAll().where("id", "=", id);
    const row = await query.executeTakeFirst();
    if (!row) return undefined;
    const { secret_hash: secretHash, made_by: madeBy, expires_at: expiresAtMs } = row;
    return { id, secretHash, madeBy, expiresAtMs, usedBy: row.used_by };
  }

  /** @returns whether this call used it: of two at once only one does. */
  async useToken(id: string, usedBy: string): Promise<boolean> {
    const result = await this.#database
      .updateTable("join_tokens")
      .set({ used_by: usedBy })
      .where("id", "=", id)
      .where("used_by", "is", null)
      .executeTakeFirst();
    return Number(result.numUpdatedRows) > 0;
  }

  async forgetTokens(expiredBeforeMs: number): Promise<void> {
    await this.#database
      .deleteFrom("join_tokens")
      .where("expires_at", "<", expiredBeforeMs)
      .execute();
  }

  async revoke(fingerprint: string, name: string, validUntilMs: number): Promise<void> {
    await this.#database
      .insertInto("revoked_certificates")
      .values({ fingerprint, name, valid_until: validUntilMs })
      .onConflict((conflict) => conflict.column("fingerprint").doNothing())
      .execute();
  }

  /** Whether that certificate of that node was withdrawn and is still remembered. */
  async isRevoked(fingerprint: string, name: string): Promise<boolean> {
    const query = this.#database.selectFrom("revoked_certificates").select("fingerprint");
    const row = await query
      .where("fingerprint", "=", fingerprint)
      .where("name", "=", name)
      .executeTakeFirst();
    return row !== undefined;
  }

  /** Fingerprints of withdrawn certificates that are valid by date; what is over by date is forgotten. Newest last. */
  async revoked(nowMs: number): Promise<readonly string[]> {
    await this.#database
      .deleteFrom("revoked_certificates")
      .where("valid_until", "<", nowMs)
      .execute();
    const query = this.#database.selectFrom("revoked_certificates").select("fingerprint");
    const rows = await query.orderBy("valid_until").execute();
    return rows.map(({ fingerprint }) => fingerprint);
  }

  async state(name: TrustStateName): Promise<string | undefined> {
    const query = this.#database.selectFrom("cluster_state").select("value");
    return (await query.where("name", "=", name).executeTakeFirst())?.value;
  }

  async setState(name: TrustStateName, value: string): Promise<void> {
    await this.#database
      .insertInto("cluster_state")
      .values({ name, value })
      .onConflict((conflict) => conflict.column("name").doUpdateSet({ value }))
      .execute();
  }
}

function certificateColumns(certificate: CertificateRecord) {
  return {
    public_key: certificate.publicKey,
    fingerprint: certificate.fingerprint,
    certificate_until: certificate.certificateUntilMs,
    certificate_round: certificate.certificateRound,
  };
}

/** The cast undoes what `addNode` wrote: nobody else writes the table. */
function toNode(row: Selectable<ClusterNodeTable>): NodeRecord {
  return {
    name: row.name,
    role: row.role as NodeRecord["role"],
    registrationId: row.registration_id,
    publicKey: row.public_key,
    fingerprint: row.fingerprint,
    certificateUntilMs: row.certificate_until,
    certificateRound: row.certificate_round,
    registeredAtMs: row.registered_at,
    replaced:
      row.replaced_fingerprint === null
        ? undefined
        : { fingerprint: row.replaced_fingerprint, untilMs: row.replaced_until ?? 0 },
  };
}
