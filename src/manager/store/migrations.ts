/**
 * The steps that make the manager's tables, oldest first. A step that has been released is never changed;
 * a new one is a new entry with the next number. `bascule server -Dsetup` runs what is missing.
 */
import type { Kysely } from "kysely";
import type { Migration, MigrationProvider } from "kysely/migration";

const usersAndDeployments: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    await database.schema
      .createTable("users")
      .addColumn("id", "integer", (column) => column.primaryKey().autoIncrement())
      .addColumn("name", "varchar(100)", (column) => column.notNull().unique())
      .addColumn("password_hash", "varchar(300)", (column) => column.notNull())
      .addColumn("is_admin", "integer", (column) => column.notNull())
      .addColumn("password_epoch", "integer", (column) => column.notNull())
      .addColumn("created_at", "bigint", (column) => column.notNull())
      .execute();
    await database.schema
      .createTable("deployments")
      .addColumn("id", "integer", (column) => column.primaryKey().autoIncrement())
      .addColumn("who", "varchar(100)", (column) => column.notNull())
      .addColumn("via", "varchar(20)", (column) => column.notNull())
      .addColumn("action", "varchar(20)", (column) => column.notNull())
      .addColumn("artifacts", "text", (column) => column.notNull())
      .addColumn("created_at", "bigint", (column) => column.notNull())
      .addColumn("base_commit", "varchar(64)")
      .addColumn("commit_id", "varchar(64)")
      .addColumn("outcome", "varchar(20)", (column) => column.notNull())
      .addColumn("problems", "text", (column) => column.notNull())
      .addColumn("fingerprint", "varchar(64)")
      .execute();
    await database.schema
      .createIndex("deployments_by_fingerprint")
      .on("deployments")
      .column("fingerprint")
      .execute();
  },
};

const clusterTrust: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    await database.schema
      .createTable("cluster_nodes")
      .addColumn("name", "varchar(64)", (column) => column.primaryKey())
      .addColumn("role", "varchar(20)", (column) => column.notNull())
      .addColumn("registration_id", "varchar(64)", (column) => column.notNull())
      .addColumn("public_key", "varchar(1000)", (column) => column.notNull())
      .addColumn("fingerprint", "varchar(64)", (column) => column.notNull())
      .addColumn("certificate_until", "bigint", (column) => column.notNull())
      .addColumn("certificate_round", "integer", (column) => column.notNull())
      .addColumn("replaced_fingerprint", "varchar(64)")
      .addColumn("replaced_until", "bigint")
      .addColumn("registered_at", "bigint", (column) => column.notNull())
      .execute();
    await database.schema
      .createTable("join_tokens")
      .addColumn("id", "varchar(64)", (column) => column.primaryKey())
      .addColumn("secret_hash", "varchar(64)", (column) => column.notNull())
      .addColumn("made_by", "varchar(100)", (column) => column.notNull())
      .addColumn("expires_at", "bigint", (column) => column.notNull())
      .addColumn("used_by", "varchar(64)")
      .execute();
    await database.schema
      .createTable("revoked_certificates")
      .addColumn("fingerprint", "varchar(64)", (column) => column.primaryKey())
      .addColumn("name", "varchar(64)", (column) => column.notNull())
      .addColumn("valid_until", "bigint", (column) => column.notNull())
      .execute();
    await database.schema
      .createTable("cluster_state")
      .addColumn("name", "varchar(64)", (column) => column.primaryKey())
      .addColumn("value", "varchar(200)", (column) => column.notNull())
      .execute();
  },
};

const deploymentAnswers: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    for (const [name, type] of [
      ["finished_at", "bigint"],
      ["phases", "text"],
      ["notes", "text"],
    ] as const)
      await database.schema.alterTable("deployments").addColumn(name, type).execute();
    await database.schema
      .createTable("deployment_answers")
      .addColumn("id", "integer", (column) => column.primaryKey().autoIncrement())
      .addColumn("deployment_id", "integer", (column) => column.notNull())
      .addColumn("node", "varchar(100)", (column) => column.notNull())
      .addColumn("answer", "varchar(20)", (column) => column.notNull())
      .addColumn("reason", "text", (column) => column.notNull())
      .addColumn("problems", "text", (column) => column.notNull())
      .addColumn("stage_ms", "integer")
      .addColumn("switch_ms", "integer")
      .addColumn("is_late", "integer", (column) => column.notNull())
      .execute();
    await database.schema
      .createIndex("deployment_answers_by_deployment")
      .on("deployment_answers")
      .column("deployment_id")
      .execute();
    await database.schema
      .createIndex("deployments_by_commit")
      .on("deployments")
      .columns(["commit_id", "outcome"])
      .execute();
  },
};

const MIGRATIONS: Readonly<Record<string, Migration>> = {
  "0001-users-and-deployments": usersAndDeployments,
  "0002-cluster-trust": clusterTrust,
  "0003-deployment-answers": deploymentAnswers,
};

export const migrationProvider: MigrationProvider = {
  getMigrations: () => Promise.resolve({ ...MIGRATIONS }),
};
