/**
 * A bounded pool of connections to one database: at most so many at once, a bounded queue with a time-out, a time limit for each
 * use, and idle connections that are closed. A connection whose use failed in time or in itself is closed, not kept.
 */
import type { Clock, Timer } from "../../runtime/clock.ts";
import type { SqlRow, SqlStatement } from "../../mediation/sql/sql-port.ts";

/** One open connection. */
export interface SqlConnection {
  /** The first row. Rejects with the database's own complaint. */
  run(statement: SqlStatement): Promise<SqlRow | undefined>;
  /** "begin", "commit" or "rollback". */
  control(word: "begin" | "commit" | "rollback"): Promise<void>;
  /** Whether the database still answers. */
  isAlive(): Promise<boolean>;
  /** Ends it at once; what runs rejects. */
  close(): void;
  readonly isBroken: boolean;
}

export interface PoolOptions {
  readonly connect: () => Promise<SqlConnection>;
  readonly clock: Clock;
  readonly connectionsMax: number;
  /** Uses that may wait for a connection. */
  readonly waitingMax: number;
  /** Longest wait for a connection, and longest time to make one. */
  readonly waitMs: number;
  /** Longest use of a connection. */
  readonly useMs: number;
  /** Connections that are idle longer are closed. */
  readonly idleMs: number;
}

/** Connections that rested longer are asked whether they live before they are used. */
const TRUSTED_MS = 5_000;

interface Idle {
  readonly connection: SqlConnection;
  readonly sinceMs: number;
}

interface Waiting {
  readonly timer: Timer;
  readonly go: () => void;
}

export class ConnectionPool {
  readonly #options: PoolOptions;
  readonly #idle: Idle[] = [];
  readonly #waiting: Waiting[] = [];
  #inUse = 0;
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Connections that are open or being opened. */
  get size(): number {
    return this.#inUse + this.#idle.length;
  }

  /** Runs `action` with a connection of its own. Rejects when none comes in time, and with what the action rejects with. */
  async use<T>(action: (connection: SqlConnection) => Promise<T>): Promise<T> {
    await this.#enter();
    let connection: SqlConnection | undefined;
    try {
      connection = await this.#connection();
      const result = await this.#inTime(action(connection), connection);
      this.#keep(connection);
      return result;
    } catch (error) {
      if (connection) this.#giveBack(connection);
      throw error;
    } finally {
      this.#inUse -= 1;
      this.#waiting.shift()?.go();
    }
  }

  /** Closes connections that have been idle too long. */
  sweep(): void {
    const { clock, idleMs } = this.#options;
    const before = clock.monotonicMs() - idleMs;
    while (this.#idle[0] && this.#idle[0].sinceMs < before) this.#idle.shift()?.connection.close();
  }

  /** Closes what is idle now, and what is in use when it comes back. */
  close(): void {
    this.#closed = true;
    for (const { connection } of this.#idle.splice(0)) connection.close();
  }

  /** Waits until one more connection may be in use. */
  #enter(): Promise<void> | undefined {
    const { clock, connectionsMax, waitingMax, waitMs } = this.#options;
    if (this.#inUse < connectionsMax) {
      this.#inUse += 1;
      return undefined;
    }
    if (this.#waiting.length >= waitingMax)
      return Promise.reject(new Error(`${waitingMax} messages wait for a connection already`));
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        timer: clock.after(waitMs, () => {
          this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
          reject(new Error(`no connection became free within ${waitMs} ms`));
        }),
        go: () => {
          waiting.timer.cancel();
          this.#inUse += 1;
          resolve();
        },
      };
      this.#waiting.push(waiting);
    });
  }

  async #connection(): Promise<SqlConnection> {
    const { clock, connect, waitMs } = this.#options;
    for (let idle = this.#idle.pop(); idle; idle = this.#idle.pop()) {
      const { connection, sinceMs } = idle;
      const rested = clock.monotonicMs() - sinceMs;
      if (!connection.isBroken && (rested < TRUSTED_MS || (await this.#answers(connection))))
        return connection;
      connection.close();
    }
    const opening = connect();
    return withTimeout(
      opening,
      { clock, ms: waitMs, what: "the database did not accept a connection" },
      () => {
        void opening.then((late) => late.close(), ignore);
      },
    );
  }

  async #answers(connection: SqlConnection): Promise<boolean> {
    const { clock, waitMs } = this.#options;
    const limit = { clock, ms: waitMs, what: "the database did not answer" };
    return withTimeout(connection.isAlive(), limit, () => connection.close()).catch(() => false);
  }

  #inTime<T>(use: Promise<T>, connection: SqlConnection): Promise<T> {
    const { clock, useMs } = this.#options;
    const limit = { clock, ms: useMs, what: "the statement was not finished" };
    return withTimeout(use, limit, () => connection.close());
  }

  #giveBack(connection: SqlConnection): void {
    if (connection.isBroken) connection.close();
    else this.#keep(connection);
  }

  #keep(connection: SqlConnection): void {
    if (this.#closed || connection.isBroken) connection.close();
    else this.#idle.push({ connection, sinceMs: this.#options.clock.monotonicMs() });
  }
}

function ignore(): void {
  // The attempt was given up before it failed.
}

interface Limit {
  readonly clock: Clock;
  readonly ms: number;
  readonly what: string;
}

/** Rejects when time is up, after `onTimeout`; a late rejection of the work is nobody's. */
async function withTimeout<T>(work: Promise<T>, limit: Limit, onTimeout: () => void): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = limit.clock.after(limit.ms, () => {
    onTimeout();
    late.reject(new Error(`${limit.what} within ${limit.ms} ms`));
  });
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    timer.cancel();
  }
}
