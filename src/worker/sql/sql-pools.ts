/**
 * The connections of dblookup and dbreport: one pool for each database that artifacts name, made when a message needs it
 * and shared by all generations. The worker owns one and closes it when it stops.
 */
import { createHash } from "node:crypto";
import type { SqlPort, SqlRow, SqlStatement, SqlTarget } from "../../mediation/sql/sql-port.ts";
import type { Clock, Timer } from "../../runtime/clock.ts";
import type { Closable } from "../../runtime/lifecycle.ts";
import { ConnectionPool, type SqlConnection } from "./connection-pool.ts";
import { type AddressBook, addressOf, type DatabaseAddress } from "./database-address.ts";

export interface SqlPoolsOptions extends AddressBook {
  readonly clock: Clock;
  /** Longest time of the statements of one mediator. Default: 30 s. */
  readonly statementMs?: number;
}

/** Databases with a pool. A further one fails the message that asks for it. */
export const POOLS_MAX = 50;
const CONNECTIONS_MAX = 10;
const WAITING_MAX = 1_000;
const WAIT_MS = 10_000;
const IDLE_MS = 60_000;
const SWEEP_MS = 15_000;
const STATEMENT_MS = 30_000;

export class SqlPools implements SqlPort, Closable {
  readonly #options: SqlPoolsOptions;
  readonly #pools = new Map<string, ConnectionPool>();
  readonly #sweep: Timer;
  #closed = false;

  constructor(options: SqlPoolsOptions) {
    this.#options = options;
    this.#sweep = options.clock.every(SWEEP_MS, () => this.#sweepAll());
  }

  async run(
    target: SqlTarget,
    statements: readonly SqlStatement[],
    transaction: boolean,
  ): Promise<readonly (SqlRow | undefined)[]> {
    if (this.#closed) throw new Error("the node is stopping");
    const pool = this.#poolFor(target);
    return pool.use((connection) =>
      transaction ? runTogether(connection, statements) : runEach(connection, statements),
    );
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#sweep.cancel();
    for (const pool of this.#pools.values()) pool.close();
    this.#pools.clear();
    return Promise.resolve();
  }

  #poolFor(target: SqlTarget): ConnectionPool {
    const address = addressOf(target, this.#options);
    const asked = target.kind === "url" ? target.connectionsMax : undefined;
    const key = keyOf(address, asked);
    const present = this.#pools.get(key);
    if (present) return present;
    if (this.#pools.size >= POOLS_MAX)
      throw new Error(`more than ${POOLS_MAX} databases are in use`);
    const { clock, statementMs = STATEMENT_MS } = this.#options;
    const pool = new ConnectionPool({
      connect: () => connect(address, statementMs),
      clock,
      connectionsMax: address.kind === "sqlite" ? 1 : (asked ?? CONNECTIONS_MAX),
      waitingMax: WAITING_MAX,
      waitMs: WAIT_MS,
      useMs: statementMs,
      idleMs: IDLE_MS,
    });
    this.#pools.set(key, pool);
    return pool;
  }

  /** Pools without connections go too: their databases may be those of generations that are gone. */
  #sweepAll(): void {
    for (const [key, pool] of this.#pools) {
      pool.sweep();
      if (pool.size === 0) this.#pools.delete(key);
    }
  }
}

/** Passwords stand in no map of ours as they are. */
function keyOf(address: DatabaseAddress, connectionsMax: number | undefined): string {
  return createHash("sha256")
    .update(JSON.stringify([address, connectionsMax]))
    .digest("hex");
}

/** Each driver is loaded where it is used first: most workers ask no database. */
async function connect(address: DatabaseAddress, statementMs: number): Promise<SqlConnection> {
  if (address.kind === "sqlite") {
    const { connectSqlite } = await import("./sqlite-connection.ts");
    return connectSqlite(address.file);
  }
  if (address.kind === "mysql") {
    const { connectMysql } = await import("./mysql-connection.ts");
    return connectMysql(address);
  }
  const { connectPostgres } = await import("./postgres-connection.ts");
  return connectPostgres(address, statementMs);
}

async function runEach(
  connection: SqlConnection,
  statements: readonly SqlStatement[],
): Promise<readonly (SqlRow | undefined)[]> {
  const rows: (SqlRow | undefined)[] = [];
  for (const statement of statements) rows.push(await connection.run(statement));
  return rows;
}

async function runTogether(
  connection: SqlConnection,
  statements: readonly SqlStatement[],
): Promise<readonly (SqlRow | undefined)[]> {
  await connection.control("begin");
  try {
    const rows = await runEach(connection, statements);
    await connection.control("commit");
    return rows;
  } catch (error) {
    // A connection that cannot even roll back is not used again.
    await connection.control("rollback").catch(() => connection.close());
    throw error;
  }
}
