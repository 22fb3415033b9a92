/** MySQL and MariaDB over mysql2: prepared statements only, rows beyond the first are not kept. */
import mysql, { type Connection, type FieldPacket, type RowDataPacket } from "mysql2";
import type { SqlRow, SqlStatement, SqlValue } from "../../mediation/sql/sql-port.ts";
import type { SqlConnection } from "./connection-pool.ts";
import type { ServerAddress } from "./database-address.ts";

/** Types of columns in MySQL's protocol whose Java texts differ from what the library gives. */
const TINY = 1;
const FLOAT = 4;
const DOUBLE = 5;
const TIMESTAMP = 7;
const DATETIME = 12;

export async function connectMysql(address: ServerAddress): Promise<SqlConnection> {
  const connection = mysql.createConnection({
    host: address.host,
    port: address.port,
    user: address.user,
    password: address.password,
    database: address.database,
    connectTimeout: 10_000,
    dateStrings: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
    multipleStatements: false,
    // "LOAD DATA LOCAL INFILE" would let a server ask for files of this machine.
    flags: ["-LOCAL_FILES"],
    ...(address.tls === "none" ? {} : { ssl: { rejectUnauthorized: address.tls === "verified" } }),
  });
  const opened = new MysqlConnection(connection);
  await opened.opened;
  return opened;
}

class MysqlConnection implements SqlConnection {
  readonly #connection: Connection;
  readonly opened: Promise<void>;
  #isBroken = false;

  constructor(connection: Connection) {
    this.#connection = connection;
    connection.on("error", () => {
      this.#isBroken = true;
    });
    this.opened = new Promise((resolve, reject) => {
      connection.connect((error) => {
        if (!error) {
          resolve();
          return;
        }
        this.close();
        reject(error);
      });
    });
  }

  get isBroken(): boolean {
    return this.#isBroken;
  }

  run({ sql, values }: SqlStatement): Promise<SqlRow | undefined> {
    return new Promise((resolve, reject) => {
      let fields: readonly FieldPacket[] = [];
      let first: SqlRow | undefined;
      const query = this.#connection.execute({ sql, rowsAsArray: true }, values.map(bound));
      query.on("fields", (packets: FieldPacket[]) => {
        fields = packets;
      });
      query.on("result", (row: unknown) => {
        if (!first && Array.isArray(row)) first = rowOf(row, fields);
      });
      query.on("error", (error: Error & { fatal?: boolean }) => {
        if (error.fatal === true) this.#isBroken = true;
        reject(error);
      });
      query.on("end", () => resolve(first));
    });
  }

  control(word: "begin" | "commit" | "rollback"): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#connection.query(word, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }

  isAlive(): Promise<boolean> {
    return new Promise((resolve) => {
      this.#connection.ping((error) => resolve(!error));
    });
  }

  close(): void {
    this.#isBroken = true;
    this.#connection.destroy();
  }
}

/** Whole numbers go as numbers where they fit: LIMIT takes no text. */
function bound(value: SqlValue): string | number | boolean | null {
  if (typeof value !== "bigint") return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

function rowOf(row: RowDataPacket | readonly unknown[], fields: readonly FieldPacket[]): SqlRow {
  const cells: readonly unknown[] = Array.isArray(row) ? row : [];
  return {
    columns: fields.map(({ name }) => name),
    texts: cells.map((cell, index) => textOf(cell, fields[index])),
  };
}

function textOf(cell: unknown, field: FieldPacket | undefined): string | undefined {
  if (cell === null || cell === undefined) return undefined;
  const type = field?.columnType;
  const isReal = type === FLOAT || type === DOUBLE;
  if (typeof cell === "number" && isReal && Number.isInteger(cell)) return `${cell}.0`;
  // The driver of Java reads TINYINT(1) as a boolean.
  if (type === TINY && field?.columnLength === 1) return String(cell === 1);
  if (Buffer.isBuffer(cell))
    return cell.length === 1 ? String(cell[0] === 1) : cell.toString("utf8");
  if (typeof cell === "string")
    return (type === TIMESTAMP || type === DATETIME) && !cell.includes(".") ? `${cell}.0` : cell;
  return typeof cell === "number" || typeof cell === "bigint" ? String(cell) : JSON.stringify(cell);
}
