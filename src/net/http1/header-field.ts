/**
 * Header fields in the order of arrival, one name and value each; bytes are characters (latin1). Fields that
 * were parsed carry their name in lower case as well, one string for all fields of that name, so that
 * looking for one compares pointers.
 */

export type HeaderField = readonly [name: string, value: string, lowerName?: string];

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const BREAKING = /[\0\r\n\u0100-\uffff]/;

/** A name of a field or a method, as RFC 9110 5.6.2 has it. */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/**
 * A decoded variable may hold a line end: it must not begin a field, or a message, of its own. Of a character that is
 * no byte only the lower one would go out, and that may be a line end as well.
 */
export function safeValue(value: string): string {
  if (!BREAKING.test(value)) return value;
  return value.replaceAll(/[\0\r\n]/g, " ").replaceAll(/[\u0100-\uffff]/g, "?");
}

/** The field's name in lower case. */
export function lowerNameOf(field: HeaderField): string {
  return field[2] ?? field[0].toLowerCase();
}

/** true when a field holds `token` in its comma-separated list. Both names in lower case. */
export function hasToken(
  fields: readonly HeaderField[],
  lowerName: string,
  token: string,
): boolean {
  for (const field of fields) {
    if (lowerNameOf(field) === lowerName && listHas(field[1], token)) return true;
  }
  return false;
}

/** true when the comma-separated list holds `token`, which is in lower case. */
export function listHas(list: string, token: string): boolean {
  if (list.length < token.length) return false;
  if (list.length === token.length) return list.toLowerCase() === token;
  return list.split(",").some((word) => word.trim().toLowerCase() === token);
}

/** The value of the first field of that name, in lower case; undefined: there is none. */
export function firstValue(fields: readonly HeaderField[], lowerName: string): string | undefined {
  for (const field of fields) if (lowerNameOf(field) === lowerName) return field[1];
  return undefined;
}

const NONE: readonly string[] = [];

/** The values of a field in order. `lowerName`: in lower case. */
export function valuesOf(fields: readonly HeaderField[], lowerName: string): readonly string[] {
  let values: string[] | undefined;
  for (const field of fields) {
    if (lowerNameOf(field) !== lowerName) continue;
    if (values) values.push(field[1]);
    else values = [field[1]];
  }
  return values ?? NONE;
}
