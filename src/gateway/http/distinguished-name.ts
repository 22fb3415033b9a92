/**
 * Names in certificates in nginx's two forms: that of RFC 2253 (`CN=a,O=b`, the last part first) and the old one of
 * OpenSSL (`/O=b/CN=a`). Made from Node's form: one part a line, in the order of the certificate.
 */
import { escapeChars } from "../escape-chars.ts";
import { toByteString } from "../byte-string.ts";

/** $ssl_client_s_dn, $ssl_client_i_dn. */
export function rfc2253Name(lines: string): string {
  const parts = lines === "" ? [] : lines.split("\n");
  const name = parts.toReversed().join(",").replaceAll(SEVERAL_VALUES, "+");
  return escapeChars(toByteString(name), "\\", (code) => code > 0x7e);
}

/** $ssl_client_s_dn_legacy, $ssl_client_i_dn_legacy. */
export function legacyName(lines: string): string {
  const parts = lines === "" ? [] : lines.split("\n").flatMap((line) => line.split(SEVERAL_VALUES));
  const name = parts.map((part) => `/${unescape(part)}`).join("");
  return escapeChars(toByteString(name), "\\x", (code) => code < 0x20 || code > 0x7e);
}

/** Between the values of one part; a "+" inside a value has a backslash. */
const SEVERAL_VALUES = " + ";

function unescape(part: string): string {
  return part.replace(/\\([0-9A-F]{2}|.)/g, (_, escaped: string) =>
    escaped.length === 2 ? String.fromCharCode(Number.parseInt(escaped, 16)) : escaped,
  );
}
