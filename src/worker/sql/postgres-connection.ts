/** PostgreSQL over pg: the extended protocol only (one statement, bound values), rows beyond the first are not kept. */
import { Client, type FieldDef, Query } from "pg";
import { numberedPlaceholders } from "../../mediation/sql/placeholders.ts";
import type { SqlRow, SqlStatement, SqlValue } from "../../mediation/sql/sql-port.ts";
import type { SqlConnection } from "./connection-pool.ts";
import type { ServerAddress } from "./database-address.ts";

/** Type numbers of PostgreSQL whose Java texts differ from PostgreSQL's own. */
const BOOLEAN = 16;
const REAL = 700;
const DOUBLE = 701;
const TIMESTAMP = 1114;

export async function connectPostgres(
  address: ServerAddress,
  statementMs: number,
): Promise<SqlConnection> {
  const client = new Client({
    host: address.host,
    port: address.port,
    user: address.user,
    password: address.password,
    database: address.database,
    application_name: "bascule",
    connectionTimeoutMillis: 10_000,
    statement_timeout: statementMs,
    ssl: address.tls === "none" ? false : { rejectUnauthorized: address.tls === "verified" },
    // Texts as the server writes them.
    types: { getTypeParser: () => (text: string) => text },
  });
  const connection = new PostgresConnection(client);
  try {
    await client.connect();
  } catch (error) {
    connection.close();
    throw error;
  }
  return connection;
}

class PostgresConnection implements SqlConnection {
  readonly #client: Client;
  #isBroken = false;

  constructor(client: Client) {
    this.#client = client;
    client.on("error", () => {
      this.#isBroken = true;
    });
    client.on("end", () => {
      this.#isBroken = true;
    });
  }

  get isBroken(): boolean {
    return this.#isBroken;
  }

  run({ sql, values }: SqlStatement): Promise<SqlRow | undefined> {
    return new Promise((resolve, reject) => {
      let first: SqlRow | undefined;
      const config = {
        text: numberedPlaceholders(sql),
        values: values.map(bound),
        rowMode: "array" as const,
        queryMode: "extended",
      };
      const query = new Query<unknown[]>(config);
      query.on("row", (row, result) => {
        first ??= rowOf(row, result?.fields ?? []);
      });
      query.on("error", reject);
      query.on("end", () => resolve(first));
      this.#client.query(query);
    });
  }

  async control(word: "begin" | "commit" | "rollback"): Promise<void> {
    await this.#client.query(word);
  }

  async isAlive(): Promise<boolean> {
    try {
      await this.#client.query("select 1");
      return true;
    } catch {
      return false;
    }
  }

  close(): void {
    this.#isBroken = true;
    void this.#client.end().catch(ignore);
  }
}

function ignore(): void {
  // The connection is given up: how its end goes is nobody's concern.
}

function bound(value: SqlValue): string | boolean | null {
  return typeof value === "bigint" || typeof value === "number" ? String(value) : value;
}

function rowOf(row: readonly unknown[], fields: readonly FieldDef[]): SqlRow {
  return {
    columns: fields.map(({ name }) => name),
    texts: row.map((cell, index) => textOf(cell, fields[index]?.dataTypeID)),
  };
}

function textOf(cell: unknown, type: number | undefined): string | undefined {
  if (typeof cell !== "string") return undefined;
  if (type === BOOLEAN) return String(cell === "t");
  if ((type === REAL || type === DOUBLE) && /^-?\d+$/.test(cell)) return `${cell}.0`;
  return type === TIMESTAMP && !cell.includes(".") ? `${cell}.0` : cell;
}
