/**
 * Header fields in the order of arrival, names as they came. The parser has dropped the names that nginx
 * drops by default (`ignore_invalid_headers on`, `underscores_in_headers off`): a back end that maps "_" to "-"
 * must not take a client's field for one that the gateway sets.
 */
import { type HeaderField, lowerNameOf } from "../../net/http1/header-field.ts";

export type { HeaderField } from "../../net/http1/header-field.ts";

/** Fields whose values are joined with "; " and ", " when a variable asks for all of them. */
const JOINER: Readonly<Record<string, string>> = { cookie: "; " };

/** All values of a field joined as one; "" when it is absent. `lowerName`: in lower case. */
export function fieldValue(fields: readonly HeaderField[], lowerName: string): string {
  let joined: string | undefined;
  for (const field of fields) {
    if (lowerNameOf(field) !== lowerName) continue;
    joined = joined === undefined ? field[1] : joined + (JOINER[lowerName] ?? ", ") + field[1];
  }
  return joined ?? "";
}

/** The value of the cookie in `Cookie` fields; names of cookies are compared without case, as in nginx. */
export function requestCookie(fields: readonly HeaderField[], name: string): string {
  const lower = name.toLowerCase();
  for (const field of fields) {
    if (lowerNameOf(field) !== "cookie") continue;
    const list = field[1];
    for (let at = 0, end = 0; at < list.length; at = end + 1) {
      end = list.indexOf(";", at);
      if (end === -1) end = list.length;
      const found = valueOfPair(list, lower, at, end);
      if (found !== undefined) return found;
    }
  }
  return "";
}

/** The value of the cookie that `Set-Cookie` fields set. */
export function responseCookie(fields: readonly HeaderField[], name: string): string {
  const lower = name.toLowerCase();
  for (const field of fields) {
    if (lowerNameOf(field) !== "set-cookie") continue;
    const end = field[1].indexOf(";");
    const found = valueOfPair(field[1], lower, 0, end === -1 ? field[1].length : end);
    if (found !== undefined) return found;
  }
  return "";
}

/** The value of "name=value" between two places of a list; undefined: it has another name. */
function valueOfPair(
  list: string,
  lowerName: string,
  from: number,
  to: number,
): string | undefined {
  const equals = list.indexOf("=", from);
  if (equals === -1 || equals >= to) return undefined;
  if (list.slice(from, equals).trim().toLowerCase() !== lowerName) return undefined;
  return list.slice(equals + 1, to).trim();
}
