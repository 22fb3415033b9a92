/**
 * Addresses taken apart and put together as java.net.URI does it (Synapse's URIFragments): unlike the URL class it
 * also knows addresses without scheme or host, which is what the To of a request is.
 */
import { MediationFault } from "../mediation-fault.ts";

export const URI_FRAGMENTS = [
  "protocol",
  "user",
  "host",
  "port",
  "path",
  "query",
  "ref",
  "full",
] as const;

export type UriFragment = (typeof URI_FRAGMENTS)[number];

/** A part that the address does not have is undefined. */
export interface UriParts {
  readonly protocol: string | undefined;
  readonly user: string | undefined;
  readonly host: string | undefined;
  /** -1: none, as in Java. */
  readonly port: number;
  readonly path: string | undefined;
  readonly query: string | undefined;
  readonly ref: string | undefined;
}

export const EMPTY_URI: UriParts = {
  protocol: undefined,
  user: undefined,
  host: undefined,
  port: -1,
  path: undefined,
  query: undefined,
  ref: undefined,
};

/** RFC 3986, appendix B, with the authority in its parts. */
const URI =
  /^(?:([A-Za-z][\w+.-]*):)?(?:\/\/(?:([^@/?#]*)@)?(\[[^\]]*\]|[^:/?#]*)(?::(\d*))?)?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/;
// eslint-disable-next-line no-control-regex
const FORBIDDEN = /[\u0000-\u0020"<>\\^`{|}]/;

/** @throws MediationFault when the text is no URI. */
export function parseUri(text: string): UriParts {
  const match = FORBIDDEN.test(text) ? null : URI.exec(text);
  if (!match) throw new MediationFault(`Malformed URI : ${text}`);
  const [, protocol, user, host, port, path, query, ref] = match;
  return {
    protocol,
    user,
    host: host === "" ? undefined : host,
    port: port === undefined || port === "" ? -1 : Number(port),
    path: path === "" ? undefined : path,
    query,
    ref,
  };
}

/** The address as text. @throws MediationFault when the parts make no URI. */
export function uriText(parts: UriParts): string {
  const { protocol, user, host, port, path = "", query, ref } = parts;
  if (protocol !== undefined && !/^[A-Za-z][\w+.-]*$/.test(protocol))
    throw new MediationFault(`Malformed URI : "${protocol}" is not a protocol`);
  if (protocol !== undefined && path !== "" && !path.startsWith("/"))
    throw new MediationFault(`Malformed URI : Relative path in absolute URI: ${path}`);
  const authority =
    host === undefined
      ? ""
      : `//${user === undefined ? "" : `${user}@`}${host}${port === -1 ? "" : `:${port}`}`;
  const text = [
    protocol === undefined ? "" : `${protocol}:`,
    authority,
    quoted(path),
    query === undefined ? "" : `?${quoted(query)}`,
    ref === undefined ? "" : `#${quoted(ref)}`,
  ].join("");
  parseUri(text);
  return text;
}

/** One part as text; undefined when the address does not have it. */
export function uriFragment(parts: UriParts, fragment: UriFragment): string | undefined {
  if (fragment === "full") return uriText(parts);
  if (fragment === "port") return String(parts.port);
  return parts[fragment];
}

/** Characters that a URI may not have are percent-encoded, as java.net.URI's constructor does. */
function quoted(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u0020"<>\\^`{|}]|[^\u0000-\u007F]+/g, (part) =>
    encodeURIComponent(part),
  );
}
