/**
 * The manager's database: opens it, makes or migrates its tables (-Dsetup), and hands out the tables' owners.
 * The embedded SQLite file is readable by its owner only, runs in WAL mode so that `bascule reset-admin` can
 * write beside a running manager, and waits for locks instead of failing.
 */
import { closeSync, existsSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import Sqlite from "better-sqlite3";
import { Kysely, SqliteDialect, sql } from "kysely";
import { type MigrationInfo, Migrator } from "kysely/migration";
import { shellWord } from "../../config/shell-word.ts";
import { AppError, messageOf } from "../../errors/app-error.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Closable } from "../../runtime/lifecycle.ts";
import { Journal } from "./journal.ts";
import { migrationProvider } from "./migrations.ts";
import type { Tables } from "./tables.ts";
import { TrustRecords } from "./trust-records.ts";
import { Users } from "./users.ts";

/** How long a statement waits for another process's lock. */
const LOCK_WAIT_MS = 5_000;

export interface StoreOptions {
  /** Absolute path, or ":memory:" for a store that ends with the process. */
  readonly file: string;
  /** The manager's home, for the sentence that says what to run. */
  readonly home: string;
  readonly clock: Clock;
  /** Rows of the journal that are kept. Default: 10000. */
  readonly journalRowsMax?: number;
  /** Told when tables that were there before have been brought up to date; never of a new database. */
  readonly onMigrated?: (sentence: string) => void;
}

export interface Store extends Closable {
  readonly users: Users;
  readonly journal: Journal;
  readonly trust: TrustRecords;
  /** Rejects when the database does not answer. */
  check(): Promise<void>;
}

/** Makes the file and the tables, or brings old tables up to date, and opens the store. @throws AppError STORE_NOT_SET_UP. */
export async function setUpStore(options: StoreOptions): Promise<Store> {
  const { file } = options;
  if (file !== ":memory:" && !existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    closeSync(openSync(file, "wx", 0o600));
  }
  const database = openDatabase(options);
  const migrator = migratorOf(database);
  const isOld = (await migrator.getMigrations()).some(isDone);
  const { error, results = [] } = await migrator.migrateToLatest();
  if (!error) {
    const steps = results.map(({ migrationName }) => migrationName).join(", ");
    if (isOld && steps !== "")
      options.onMigrated?.(
        `The manager's tables in ${file} were of an earlier version and are up to date now (${steps})`,
      );
    return toStore(database, options);
  }
  await database.destroy();
  const message = `the tables in ${file} cannot be made or migrated: ${messageOf(error)}`;
  throw new AppError("STORE_NOT_SET_UP", message, { side: "config", cause: error });
}

/** Opens a store that has been set up. @throws AppError STORE_NOT_SET_UP when tables are missing or old. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { file } = options;
  if (!existsSync(file)) throw notSetUp(options, `there is no database ${file}`);
  const database = openDatabase(options);
  const migrations = await migratorOf(database).getMigrations();
  if (migrations.every(isDone)) return toStore(database, options);
  await database.destroy();
  const isOld = migrations.some(isDone);
  throw notSetUp(
    options,
    `the tables in ${file} are ${isOld ? "of an earlier version" : "missing"}`,
  );
}

function isDone({ executedAt }: MigrationInfo): boolean {
  return executedAt !== undefined;
}

function notSetUp({ home }: StoreOptions, reason: string): AppError {
  const message = `the manager is not set up: ${reason}; run \`bascule server --home ${shellWord(home)} -Dsetup\` once`;
  return new AppError("STORE_NOT_SET_UP", message, { side: "config" });
}

function openDatabase({ file }: StoreOptions): Kysely<Tables> {
  try {
    const connection = new Sqlite(file, { timeout: LOCK_WAIT_MS });
    connection.pragma("journal_mode = WAL");
    connection.pragma("synchronous = FULL");
    connection.pragma("foreign_keys = ON");
    return new Kysely<Tables>({ dialect: new SqliteDialect({ database: connection }) });
  } catch (cause) {
    const message = `the database ${file} cannot be opened: ${messageOf(cause)}; check that it is an SQLite file and that this user may write it`;
    throw new AppError("STORE_NOT_SET_UP", message, { side: "config", cause });
  }
}

function migratorOf(database: Kysely<Tables>): Migrator {
  return new Migrator({ db: database, provider: migrationProvider });
}

function toStore(database: Kysely<Tables>, { clock, journalRowsMax }: StoreOptions): Store {
  return {
    users: new Users(database, clock),
    journal: new Journal(database, clock, journalRowsMax),
    trust: new TrustRecords(database),
    check: async () => void (await sql`select 1`.execute(database)),
    close: () => database.destroy(),
  };
}
