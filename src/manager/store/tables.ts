/** The manager's tables as kysely sees them. Times are milliseconds since 1970, lists are JSON texts. */
import type { Generated } from "kysely";

export interface UserTable {
  readonly id: Generated<number>;
  readonly name: string;
  /** What `auth/passwords.ts` makes: algorithm, parameters, salt and key in one text. */
  readonly password_hash: string;
  /** 0 or 1. */
  readonly is_admin: number;
  /** Grows with every change of the password; a login of an older epoch has ended. */
  readonly password_epoch: number;
  readonly created_at: number;
}

export interface DeploymentTable {
  readonly id: Generated<number>;
  readonly who: string;
  readonly via: string;
  readonly action: string;
  /** JSON list of the artifacts or files. */
  readonly artifacts: string;
  readonly created_at: number;
  /** `main` when the deployment began; tells after a crash whether the commit was made. */
  readonly base_commit: string | null;
  readonly commit_id: string | null;
  readonly outcome: string;
  /** JSON list of problems. */
  readonly problems: string;
  /** Hash of path and content of a refused file, so that it is journaled once. */
  readonly fingerprint: string | null;
  /** Null: it is under way, or was killed. */
  readonly finished_at: number | null;
  /** JSON list of the steps and their times; null: it had none. */
  readonly phases: string | null;
  /** JSON list of sentences that are no problems; null: there are none. */
  readonly notes: string | null;
}

/** What each worker answered to a deployment. */
export interface DeploymentAnswerTable {
  readonly id: Generated<number>;
  readonly deployment_id: number;
  readonly node: string;
  readonly answer: string;
  readonly reason: string;
  /** JSON list of problems. */
  readonly problems: string;
  readonly stage_ms: number | null;
  readonly switch_ms: number | null;
  /** 0 or 1. */
  readonly is_late: number;
}

/** Homes that were registered and not removed. */
export interface ClusterNodeTable {
  readonly name: string;
  readonly role: string;
  /** Goes into the node's token: another registration, another token. */
  readonly registration_id: string;
  /** PEM, SubjectPublicKeyInfo: signs the next key of the node. */
  readonly public_key: string;
  readonly fingerprint: string;
  readonly certificate_until: number;
  /** The round of `bascule certs rotate` that the certificate is of. */
  readonly certificate_round: number;
  /** The certificate that was replaced, until the node is known to show the new one. */
  readonly replaced_fingerprint: string | null;
  readonly replaced_until: number | null;
  readonly registered_at: number;
}

export interface JoinTokenTable {
  readonly id: string;
  /** SHA-256 of the secret, base64url: 256 random bits need no salt and no slow hash. */
  readonly secret_hash: string;
  readonly made_by: string;
  readonly expires_at: number;
  /** Name of the node that it was used for. */
  readonly used_by: string | null;
}

export interface RevokedCertificateTable {
  readonly fingerprint: string;
  readonly name: string;
  /** After it the certificate is invalid anyway. */
  readonly valid_until: number;
}

/** Numbers and words of the cluster's trust, by name. */
export interface ClusterStateTable {
  readonly name: string;
  readonly value: string;
}

export interface Tables {
  readonly cluster_nodes: ClusterNodeTable;
  readonly join_tokens: JoinTokenTable;
  readonly revoked_certificates: RevokedCertificateTable;
  readonly cluster_state: ClusterStateTable;
  readonly users: UserTable;
  readonly deployments: DeploymentTable;
  readonly deployment_answers: DeploymentAnswerTable;
}
