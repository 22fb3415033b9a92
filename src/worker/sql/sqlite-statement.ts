/**
 * Which statements an artifact may give to SQLite. The library opens any file that a statement names (ATTACH, VACUUM INTO)
 * and PRAGMA changes how a database is kept, so only statements that read and write the tables of the one
 * database run. Asked by sqlite-connection.ts before anything is prepared; one text is one statement there.
 */

const ALLOWED: readonly string[] = [
  "select",
  "values",
  "with",
  "insert",
  "replace",
  "update",
  "delete",
  "create",
  "alter",
  "drop",
];

/** What SQLite skips before the first word: its white space and comments, also one that does not end. */
const SKIPPED = /^(?:[ \t\n\f\r]|--[^\n]*|\/\*(?:[^*]|\*(?!\/))*(?:\*\/|$))*/;

/** Why a statement does not run; undefined: it may. */
export function refusalOf(sql: string): string | undefined {
  const rest = sql.slice(SKIPPED.exec(sql)?.[0].length ?? 0);
  const word = /^[a-z]+/i.exec(rest)?.[0].toLowerCase() ?? "";
  if (ALLOWED.includes(word)) return undefined;
  return `a statement for SQLite has to begin with one of: ${ALLOWED.join(", ")}; "${word || rest.slice(0, 20)}" is refused`;
}
