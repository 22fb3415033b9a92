/**
 * What a request shows to be let in: `Authorization: Basic` (RFC 7617) or `Bearer` (RFC 6750), or the console's
 * session cookie. Reads headers only; whether they are right is the Authenticator's business.
 */

export type Credentials =
  | { readonly kind: "basic"; readonly user: string; readonly password: string }
  | { readonly kind: "bearer"; readonly token: string }
  | { readonly kind: "session"; readonly key: string }
  | { readonly kind: "none" }
  /** There is an Authorization header, but not one of the two schemes in their form. */
  | { readonly kind: "malformed" };

/** Longest header that is looked at. */
const HEADER_LENGTH_MAX = 2_048;

/** The header wins over the cookie. */
export function readCredentials(
  authorization: string | undefined,
  sessionCookie: string | undefined,
): Credentials {
  if (authorization !== undefined) return readAuthorization(authorization);
  return sessionCookie ? { kind: "session", key: sessionCookie } : { kind: "none" };
}

function readAuthorization(header: string): Credentials {
  const match = /^(?<scheme>basic|bearer) +(?<value>[\w.~+/=-]+)$/i.exec(header.trim());
  const { scheme = "", value = "" } = match?.groups ?? {};
  if (value === "" || header.length > HEADER_LENGTH_MAX) return { kind: "malformed" };
  if (scheme.toLowerCase() === "bearer") return { kind: "bearer", token: value };
  const text = Buffer.from(value, "base64").toString("utf8");
  const colon = text.indexOf(":");
  if (colon < 1) return { kind: "malformed" };
  return { kind: "basic", user: text.slice(0, colon), password: text.slice(colon + 1) };
}
