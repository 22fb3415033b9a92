/**
 * JSON numbers that a double cannot hold (identifiers of 17 digits and more): they keep their digits, as in Synapse, in a raw
 * JSON value that JSON.stringify prints as it was written. Only texts with so many digits pay for it.
 */
import type { JsonValue } from "./json-value.ts";

/** The part of ES2026's JSON that the compiler does not know yet. */
interface RawJson {
  readonly rawJSON: (text: string) => JsonValue;
  readonly isRawJSON: (value: unknown) => boolean;
}

const { rawJSON, isRawJSON } = JSON as unknown as RawJson;

/** Shorter numbers come back from a double with the same value. */
const EXACT_DIGITS = 16;
const LONG_NUMBER = new RegExp(`[\\d.]{${EXACT_DIGITS}}`);

/** JSON.parse without loss. @throws SyntaxError when the text is not JSON. */
export function parseJson(text: string): JsonValue {
  if (!LONG_NUMBER.test(text)) return JSON.parse(text) as JsonValue;
  const revive = (_: string, value: unknown, context?: { readonly source?: string }): unknown => {
    const source = context?.source ?? "";
    const isLost = source.length >= EXACT_DIGITS && String(value) !== source;
    return typeof value === "number" && isLost ? rawJSON(source) : value;
  };
  return JSON.parse(text, revive) as JsonValue;
}

/** Whether a value is a number that keeps its digits. */
export function isExactNumber(value: unknown): boolean {
  return isRawJSON(value);
}

/** The nearest double of such a number, for comparing and calculating; any other value is itself. */
export function nearestNumber(value: JsonValue): JsonValue {
  return isRawJSON(value) ? Number(JSON.stringify(value)) : value;
}

/** The whole value with doubles only, for libraries that know no other numbers. */
export function withDoubles(value: JsonValue): JsonValue {
  const text = JSON.stringify(value);
  return LONG_NUMBER.test(text) ? (JSON.parse(text) as JsonValue) : value;
}
