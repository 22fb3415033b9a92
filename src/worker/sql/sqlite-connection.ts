/**
 * SQLite over better-sqlite3, which is synchronous and cannot be interrupted: each connection is a process of its own (this file
 * again), so that a long statement stops no message and can be killed, which SQLite survives. Only the first row of a
 * result is read. The process ends with its parent, also when it is busy (runtime/parent-watch.ts).
 */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { isMainThread } from "node:worker_threads";
import Database from "better-sqlite3";
import { messageOf } from "../../errors/app-error.ts";
import type { SqlRow, SqlStatement, SqlValue } from "../../mediation/sql/sql-port.ts";
import { endWithParent } from "../../runtime/parent-watch.ts";
import type { SqlConnection } from "./connection-pool.ts";
import { refusalOf } from "./sqlite-statement.ts";

/** How long a statement waits for another process that writes. */
const BUSY_MS = 5_000;
/** First argument of the child. */
const ROLE = "sqlite-database";

type Answer =
  | { readonly kind: "row"; readonly row: SqlRow | undefined }
  | { readonly kind: "error"; readonly message: string };

/** Opens (and, where it is missing, makes) a database file. */
export async function connectSqlite(file: string): Promise<SqlConnection> {
  const connection = new SqliteConnection(file);
  try {
    await connection.run({ sql: "select 1", values: [] });
  } catch (error) {
    connection.close();
    throw error;
  }
  return connection;
}

interface Question {
  readonly resolve: (row: SqlRow | undefined) => void;
  readonly reject: (error: Error) => void;
}

class SqliteConnection implements SqlConnection {
  readonly #child: ChildProcess;
  /** One use at a time, so one question at a time. */
  #question: Question | undefined;
  #isBroken = false;

  constructor(file: string) {
    this.#child = fork(fileURLToPath(import.meta.url), [ROLE, file], {
      execArgv: [],
      env: {},
      serialization: "advanced",
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    // An idle database keeps no process alive that has nothing else to do.
    this.#child.unref();
    this.#child.channel?.unref();
    this.#child.on("message", (answer) => this.#onAnswer(answer));
    this.#child.on("error", (error) => this.#end(error));
    this.#child.on("exit", () => this.#end(new Error("the database was closed")));
  }

  get isBroken(): boolean {
    return this.#isBroken;
  }

  run(statement: SqlStatement): Promise<SqlRow | undefined> {
    const refusal = refusalOf(statement.sql);
    return refusal === undefined ? this.#ask(statement) : Promise.reject(new Error(refusal));
  }

  #ask(statement: SqlStatement): Promise<SqlRow | undefined> {
    if (this.#isBroken) return Promise.reject(new Error("the database was closed"));
    return new Promise((resolve, reject) => {
      this.#question = { resolve, reject };
      this.#child.channel?.ref();
      this.#child.send(statement, (error) => {
        if (error) this.#end(error);
      });
    });
  }

  async control(word: "begin" | "commit" | "rollback"): Promise<void> {
    await this.#ask({ sql: word === "begin" ? "begin immediate" : word, values: [] });
  }

  isAlive(): Promise<boolean> {
    return Promise.resolve(!this.#isBroken);
  }

  close(): void {
    this.#end(new Error("the database was closed"));
    this.#child.kill("SIGKILL");
  }

  #onAnswer(answer: unknown): void {
    const question = this.#question;
    this.#question = undefined;
    this.#child.channel?.unref();
    if (!isAnswer(answer)) return;
    if (answer.kind === "row") question?.resolve(answer.row);
    else question?.reject(new Error(answer.message));
  }

  #end(error: Error): void {
    this.#isBroken = true;
    const question = this.#question;
    this.#question = undefined;
    question?.reject(error);
  }
}

/** The child is this file: whatever has a kind is one of its answers. */
function isAnswer(message: unknown): message is Answer {
  return typeof message === "object" && message !== null && "kind" in message;
}

const [, , role, databaseFile] = process.argv;
if (role === ROLE && databaseFile !== undefined && process.send && isMainThread) {
  endWithParent();
  serve(databaseFile);
}

function ignore(): void {
  // The parent is gone: "disconnect" ends this process.
}

function serve(file: string): void {
  let database: Database.Database | undefined;
  process.on("message", (statement: SqlStatement) => {
    process.send?.(answerTo(statement), ignore);
  });

  function answerTo(statement: SqlStatement): Answer {
    try {
      database ??= new Database(file, { timeout: BUSY_MS });
      return { kind: "row", row: runOn(database, statement) };
    } catch (error) {
      return { kind: "error", message: messageOf(error) };
    }
  }
}

function runOn(database: Database.Database, { sql, values }: SqlStatement): SqlRow | undefined {
  const statement = database.prepare<SqlValue[]>(sql).safeIntegers(true);
  const bound = values.map((value) => (typeof value === "boolean" ? BigInt(value) : value));
  if (!statement.reader) {
    statement.run(...bound);
    return undefined;
  }
  const columns = statement.columns().map(({ name }) => name);
  const row: unknown = statement.raw(true).get(...bound);
  return Array.isArray(row) ? { columns, texts: row.map(textOf) } : undefined;
}

/** With safe integers every whole number is a bigint, so a number is a REAL. */
function textOf(cell: unknown): string | undefined {
  if (cell === null || cell === undefined) return undefined;
  if (Buffer.isBuffer(cell)) return cell.toString("utf8");
  if (typeof cell === "number") return Number.isInteger(cell) ? `${cell}.0` : String(cell);
  return typeof cell === "bigint" || typeof cell === "string" ? String(cell) : undefined;
}
