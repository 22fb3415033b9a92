/**
 * What dblookup and dbreport need of databases. The worker keeps connections (worker/sql/) and hands this port in; the engine
 * itself opens none. Values always go as bound parameters, never as text of the statement.
 */

/** A bound value; `null` is SQL's NULL. Whole numbers are bigint, decimals keep their digits as text. */
export type SqlValue = string | number | bigint | boolean | null;

export interface SqlStatement {
  /** With "?" for each value. */
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

/** Where statements run. */
export type SqlTarget =
  | { readonly kind: "datasource"; readonly name: string }
  | {
      readonly kind: "url";
      /** "jdbc:mysql:..", "jdbc:postgresql:.." or "jdbc:sqlite:..". */
      readonly url: string;
      readonly user: string;
      /** Never logged. */
      readonly password: string;
      /** Undefined: the port's own bound. */
      readonly connectionsMax: number | undefined;
    };

/** The first row; its texts are those that JDBC's getObject().toString() gives, undefined for NULL. */
export interface SqlRow {
  readonly columns: readonly string[];
  readonly texts: readonly (string | undefined)[];
}

export interface SqlPort {
  /**
   * Runs statements in order on one connection.
   * @param transaction all or none of them.
   * @returns the first row of each, undefined where there is none. Rejects with an Error whose message is for people.
   */
  run(
    target: SqlTarget,
    statements: readonly SqlStatement[],
    transaction: boolean,
  ): Promise<readonly (SqlRow | undefined)[]>;
}
