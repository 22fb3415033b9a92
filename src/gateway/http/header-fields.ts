/**
 * Header fields in the order of arrival, names as they came. The parser has dropped the names that nginx
 * drops by default (`ignore_invalid_headers on`, `underscores_in_headers off`): a back end that maps "_" to "-"
 * must not take a client's field for one that the gateway sets.
 */

export type HeaderField = readonly [name: string, value: string];

/** Fields whose values are joined with "; " and ", " when a variable asks for all of them. */
const JOINER: Readonly<Record<string, string>> = { cookie: "; " };

/** Fields of Node's flat list of names and values. */
export function toFields(flat: readonly string[]): readonly HeaderField[] {
  const fields: HeaderField[] = [];
  for (let at = 0; at + 1 < flat.length; at += 2) fields.push([flat[at] ?? "", flat[at + 1] ?? ""]);
  return fields;
}

/** All values of a field joined as one; "" when it is absent. `lowerName`: in lower case. */
export function fieldValue(fields: readonly HeaderField[], lowerName: string): string {
  return fieldValues(fields, lowerName).join(JOINER[lowerName] ?? ", ");
}

/** The values of a field in order. `lowerName`: in lower case. */
export function fieldValues(fields: readonly HeaderField[], lowerName: string): readonly string[] {
  return fields.filter(([name]) => name.toLowerCase() === lowerName).map(([, value]) => value);
}

/** The value of the cookie in `Cookie` fields; names of cookies are compared without case, as in nginx. */
export function requestCookie(fields: readonly HeaderField[], name: string): string {
  for (const value of fieldValues(fields, "cookie")) {
    for (const pair of value.split(";")) {
      const found = valueOfPair(pair, name);
      if (found !== undefined) return found;
    }
  }
  return "";
}

/** The value of the cookie that `Set-Cookie` fields set. */
export function responseCookie(fields: readonly HeaderField[], name: string): string {
  for (const value of fieldValues(fields, "set-cookie")) {
    const found = valueOfPair(value.split(";", 1)[0] ?? "", name);
    if (found !== undefined) return found;
  }
  return "";
}

function valueOfPair(pair: string, name: string): string | undefined {
  const equals = pair.indexOf("=");
  if (equals === -1 || pair.slice(0, equals).trim().toLowerCase() !== name.toLowerCase()) {
    return undefined;
  }
  return pair.slice(equals + 1).trim();
}
