/** Header fields in the order of arrival, one name and value each; bytes are characters (latin1). */

export type HeaderField = readonly [name: string, value: string];

/** true when a field holds `token` in its comma-separated list. Both names in lower case. */
export function hasToken(
  fields: readonly HeaderField[],
  lowerName: string,
  token: string,
): boolean {
  return fields.some(
    ([name, value]) =>
      name.toLowerCase() === lowerName &&
      value.split(",").some((word) => word.trim().toLowerCase() === token),
  );
}

/** The values of a field in order. `lowerName`: in lower case. */
export function valuesOf(fields: readonly HeaderField[], lowerName: string): readonly string[] {
  const values: string[] = [];
  for (const [name, value] of fields) {
    if (name.length === lowerName.length && name.toLowerCase() === lowerName) values.push(value);
  }
  return values;
}
