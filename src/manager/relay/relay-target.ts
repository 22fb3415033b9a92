/**
 * Reads the target of a request to /carbon/nodes/NAME/... strictly: what goes on to a node is a plain path without escapes,
 * empty or dot segments, and a plain query, so that no two readers can understand it differently. Pure.
 */

/** Where requests to nodes begin. */
export const RELAY_PREFIX = "/carbon/nodes/";

/** Longest path and query that are passed on, in characters. */
const REST_LENGTH_MAX = 512;
/** Longest name, before and after its escapes are read. */
const NAME_LENGTH_MAX = 384;

export interface RelayTarget {
  /** A node's name, or its cluster address. */
  readonly name: string;
  /** Begins with "/". */
  readonly path: string;
  /** Without "?"; "" when there is none. */
  readonly search: string;
}

/** @param url the request's target as it came. Undefined: it is not of that form. */
export function readRelayTarget(url: string): RelayTarget | undefined {
  if (!url.startsWith(RELAY_PREFIX)) return undefined;
  const match = /^(?<name>[^/?#]+)(?<path>\/[^?#]*)(?:\?(?<search>[^#]*))?$/.exec(
    url.slice(RELAY_PREFIX.length),
  );
  const { name: rawName = "", path = "", search = "" } = match?.groups ?? {};
  const name = decodeName(rawName);
  if (name === undefined || path.length + search.length > REST_LENGTH_MAX) return undefined;
  if (!/^(?:\/[\w.~-]+)+$/.test(path) || !/^[\w.~=&-]*$/.test(search)) return undefined;
  if (path.split("/").some((segment) => segment === "." || segment === "..")) return undefined;
  return { name, path, search };
}

function decodeName(raw: string): string | undefined {
  if (raw.length === 0 || raw.length > NAME_LENGTH_MAX) return undefined;
  try {
    return decodeURIComponent(raw);
  } catch {
    return undefined;
  }
}
