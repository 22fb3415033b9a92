/**
 * `dblookup` and `dbreport`: statements with bound parameters on a database (DBLookupMediator, DBReportMediator). A lookup puts
 * columns of the first row into properties; a report only writes, each statement for itself or, with useTransaction,
 * all of them or none. What fails ends in the fault sequence.
 */
import { messageOf } from "../../errors/app-error.ts";
import { MediationFault } from "../mediation-fault.ts";
import type { Message } from "../message/message.ts";
import type { SqlPort, SqlRow, SqlStatement, SqlTarget, SqlValue } from "../sql/sql-port.ts";
import { type SqlType, sqlValue } from "../sql/sql-types.ts";
import type { Mediator } from "./mediator.ts";
import { type ValueSource, valueText } from "./named-value.ts";

export interface DatabaseParameter {
  readonly source: ValueSource;
  readonly type: SqlType;
}

export interface DatabaseStatement {
  readonly sql: string;
  readonly parameters: readonly DatabaseParameter[];
  /** Property name → column name, or its number from 1. */
  readonly results: ReadonlyMap<string, string>;
}

export interface DatabaseOptions {
  readonly kind: "dblookup" | "dbreport";
  readonly target: SqlTarget;
  /** How errors name the database; without password. */
  readonly label: string;
  readonly statements: readonly DatabaseStatement[];
  readonly transaction: boolean;
}

export class DatabaseMediator implements Mediator {
  readonly kind: "dblookup" | "dbreport";
  readonly #options: DatabaseOptions;

  constructor(options: DatabaseOptions) {
    this.kind = options.kind;
    this.#options = options;
  }

  async mediate(message: Message): Promise<boolean> {
    const { sql } = message.environment;
    if (!sql) throw new MediationFault(`The mediator ${this.kind} has no access to databases here`);
    if (this.#options.transaction) await this.#runTogether(message, sql);
    else await this.#runEach(message, sql);
    return true;
  }

  /** One after the other: parameters may be what the statement before has found. */
  async #runEach(message: Message, sql: SqlPort): Promise<void> {
    for (const statement of this.#options.statements) {
      const bound = await boundStatement(statement, message);
      const [row] = await this.#run(sql, [bound]);
      if (row) setResults(message, statement, row);
      else if (statement.results.size > 0)
        message.environment.log.debug(`Statement : ${statement.sql} returned 0 rows`);
    }
  }

  async #runTogether(message: Message, sql: SqlPort): Promise<void> {
    const { statements } = this.#options;
    const bound: SqlStatement[] = [];
    for (const statement of statements) bound.push(await boundStatement(statement, message));
    const rows = await this.#run(sql, bound);
    for (const [index, statement] of statements.entries()) {
      const row = rows[index];
      if (row) setResults(message, statement, row);
    }
  }

  async #run(
    sql: SqlPort,
    statements: readonly SqlStatement[],
  ): Promise<readonly (SqlRow | undefined)[]> {
    const { target, transaction, label, kind } = this.#options;
    try {
      return await sql.run(target, statements, transaction);
    } catch (error) {
      const what = kind === "dblookup" ? "statement" : "insert statement";
      const text = statements.map((statement) => statement.sql).join("; ");
      throw new MediationFault(
        `Error executing ${what} : ${text} against DataSource : ${label} : ${messageOf(error)}`,
        { cause: error },
      );
    }
  }
}

async function boundStatement(
  { sql, parameters }: DatabaseStatement,
  message: Message,
): Promise<SqlStatement> {
  const values: SqlValue[] = [];
  for (const { source, type } of parameters)
    values.push(sqlValue(await valueText(source, message), type));
  return { sql, values };
}

function setResults(message: Message, { results }: DatabaseStatement, row: SqlRow): void {
  for (const [property, column] of results) {
    const index = columnIndex(row, column);
    if (index === -1) throw new MediationFault(`The result has no column ${column}`);
    const text = row.texts[index];
    if (text === undefined) message.environment.log.debug(`Property : ${property} sets value null`);
    else message.properties.set(property, text);
  }
}

/** Names of columns are compared without regard to case, as JDBC does. */
function columnIndex({ columns }: SqlRow, column: string): number {
  if (/^\d{1,4}$/.test(column)) {
    const index = Number(column) - 1;
    return index >= 0 && index < columns.length ? index : -1;
  }
  const wanted = column.toLowerCase();
  return columns.findIndex((name) => name.toLowerCase() === wanted);
}
