/**
 * Strict reading of JSON values from the wire: every reader names the field that it reads and throws
 * `Malformed` for anything but the expected type, length and characters. Used by the two codecs only.
 */
import { hasControlCharacter } from "../../runtime/control-characters.ts";

/** A datagram of a member that does not have the agreed form. Caught by `decodeDatagram`. */
export class Malformed extends Error {}

export type Fields = Readonly<Record<string, unknown>>;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** An object that has no fields but the named ones; they may be absent. */
export function readFields(value: unknown, what: string, names: readonly string[]): Fields {
  const fields = readObject(value, what);
  const unknown = Object.keys(fields).find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Malformed(`${what} has an unknown field`);
  return fields;
}

/** Any object that is not an array. */
export function readObject(value: unknown, what: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Malformed(`${what} is not an object`);
  }
  return value as Fields;
}

/** Text of 1 to `lengthMax` UTF-16 units without control characters; these would end up in logs. */
export function readText(value: unknown, what: string, lengthMax: number): string {
  if (typeof value !== "string" || value.length === 0 || value.length > lengthMax) {
    throw new Malformed(`${what} is no text of 1 to ${lengthMax} characters`);
  }
  if (hasControlCharacter(value)) throw new Malformed(`${what} has control characters`);
  return value;
}

/** As `readText`, and the empty text. */
export function readOptionalText(value: unknown, what: string, lengthMax: number): string {
  return value === "" ? "" : readText(value, what, lengthMax);
}

export function readUuid(value: unknown, what: string): string {
  if (typeof value !== "string" || !UUID.test(value)) throw new Malformed(`${what} is no UUID`);
  return value;
}

/** A whole number from `min` to `max`. */
export function readWhole(value: unknown, what: string, min: number, max: number): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < min || value > max) {
    throw new Malformed(`${what} is no whole number from ${min} to ${max}`);
  }
  return value;
}

/** One of the words. */
export function readWord<Word extends string>(
  value: unknown,
  what: string,
  words: readonly Word[],
): Word {
  const word = words.find((candidate) => candidate === value);
  if (word === undefined) throw new Malformed(`${what} is none of ${words.join(", ")}`);
  return word;
}
