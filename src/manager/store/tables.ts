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
}

export interface Tables {
  readonly users: UserTable;
  readonly deployments: DeploymentTable;
}
