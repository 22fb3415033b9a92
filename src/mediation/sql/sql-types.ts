/** Texts of messages → bound values, by the JDBC type that the artifact names (AbstractDBMediator). */
import { MediationFault } from "../mediation-fault.ts";
import type { SqlValue } from "./sql-port.ts";

export const SQL_TYPES = [
  "CHAR",
  "VARCHAR",
  "LONGVARCHAR",
  "NUMERIC",
  "DECIMAL",
  "BIT",
  "TINYINT",
  "SMALLINT",
  "INTEGER",
  "BIGINT",
  "REAL",
  "FLOAT",
  "DOUBLE",
  "DATE",
  "TIME",
  "TIMESTAMP",
] as const;

export type SqlType = (typeof SQL_TYPES)[number];

const RANGES = {
  TINYINT: [-128n, 127n],
  SMALLINT: [-32_768n, 32_767n],
  INTEGER: [-2_147_483_648n, 2_147_483_647n],
  BIGINT: [-9_223_372_036_854_775_808n, 9_223_372_036_854_775_807n],
} as const;

const DATE = /^\d{4}-\d{1,2}-\d{1,2}$/;
const TIME = /^\d{1,2}:\d{1,2}:\d{1,2}$/;
const TIMESTAMP = /^\d{4}-\d{1,2}-\d{1,2} \d{1,2}:\d{1,2}:\d{1,2}(?:\.\d{1,9})?$/;

/**
 * The value to bind. Where the type is no text, an empty text is NULL.
 * @throws MediationFault when the text is not of that type.
 */
export function sqlValue(text: string, type: SqlType): SqlValue {
  if (type === "CHAR" || type === "VARCHAR" || type === "LONGVARCHAR") return text;
  const trimmed = text.trim();
  if (trimmed === "") return null;
  switch (type) {
    case "BIT":
      return trimmed === "1" || trimmed.toLowerCase() === "true";
    case "NUMERIC":
    case "DECIMAL":
      return matching(trimmed, /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?$/, type);
    case "REAL":
    case "FLOAT":
    case "DOUBLE":
      return numberOf(trimmed, type);
    case "DATE":
      return matching(trimmed, DATE, type);
    case "TIME":
      return matching(trimmed, TIME, type);
    case "TIMESTAMP":
      return matching(trimmed, TIMESTAMP, type);
    case "TINYINT":
    case "SMALLINT":
    case "INTEGER":
    case "BIGINT":
    default:
      return integerOf(trimmed, type);
  }
}

function matching(text: string, pattern: RegExp, type: SqlType): string {
  if (text.length > 100 || !pattern.test(text)) throw notOfType(text, type);
  return text;
}

function numberOf(text: string, type: SqlType): number {
  const number = Number(text);
  if (Number.isNaN(number)) throw notOfType(text, type);
  return number;
}

function integerOf(text: string, type: keyof typeof RANGES): bigint {
  if (!/^[+-]?\d{1,19}$/.test(text)) throw notOfType(text, type);
  const value = BigInt(text.replace("+", ""));
  const [least, greatest] = RANGES[type];
  if (value < least || value > greatest) throw notOfType(text, type);
  return value;
}

function notOfType(text: string, type: SqlType): MediationFault {
  return new MediationFault(
    `The parameter value "${text.slice(0, 100)}" is not of SQL type ${type}`,
  );
}
