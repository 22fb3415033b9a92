/**
 * Chooses the location for a normalised URI (ngx_http_core_find_location): exact match, else the longest
 * prefix; then regular expressions in order unless the prefix says `^~`; else the prefix. Nested
 * locations are searched inside the one that was found.
 */

export type LocationMatcher =
  | { readonly kind: "exact" | "prefix" | "prefix-only"; readonly path: string }
  | { readonly kind: "regex"; readonly path: string; readonly regex: RegExp }
  | { readonly kind: "named"; readonly path: string };

/** One location with those inside it. */
export interface LocationEntry<Location> {
  readonly matcher: LocationMatcher;
  readonly location: Location;
  readonly inner: LocationTable<Location>;
  /** A request for the path without its last "/" is sent to the path (`proxy_pass` locations). */
  readonly redirectsToSlash: boolean;
}

export type LocationMatch<Location> =
  | {
      readonly kind: "location";
      readonly location: Location;
      readonly captures: RegExpExecArray | undefined;
    }
  | { readonly kind: "redirect"; readonly path: string }
  | { readonly kind: "none" };

/** A found entry, with the groups of its regular expression. */
interface Found<Location> {
  readonly entry: LocationEntry<Location>;
  readonly captures: RegExpExecArray | undefined;
}

export class LocationTable<Location> {
  readonly #exact = new Map<string, LocationEntry<Location>>();
  /** Longest first. */
  readonly #prefixes: readonly LocationEntry<Location>[];
  readonly #regexes: readonly LocationEntry<Location>[];
  readonly #redirects = new Map<string, string>();
  readonly #named = new Map<string, Location>();

  constructor(entries: readonly LocationEntry<Location>[]) {
    const ofKind = (...kinds: readonly LocationMatcher["kind"][]) =>
      entries.filter((entry) => kinds.includes(entry.matcher.kind));
    for (const entry of ofKind("exact")) this.#exact.set(entry.matcher.path, entry);
    this.#prefixes = ofKind("prefix", "prefix-only").sort(
      (left, right) => right.matcher.path.length - left.matcher.path.length,
    );
    this.#regexes = ofKind("regex");
    for (const { matcher, location } of ofKind("named")) this.#named.set(matcher.path, location);
    for (const { matcher, redirectsToSlash } of entries) {
      const { path } = matcher;
      if (redirectsToSlash && matcher.kind !== "regex" && path.length > 1 && path.endsWith("/")) {
        this.#redirects.set(path.slice(0, -1), path);
      }
    }
  }

  /** `name`: with its "@". */
  named(name: string): Location | undefined {
    return this.#named.get(name);
  }

  find(uri: string): LocationMatch<Location> {
    const exact = this.#exact.get(uri);
    if (exact) return matched({ entry: exact, captures: undefined });
    const hasOwnPrefix = this.#prefixes.some((entry) => entry.matcher.path === uri);
    const redirect = hasOwnPrefix ? undefined : this.#redirects.get(uri);
    if (redirect !== undefined) return { kind: "redirect", path: redirect };
    const prefix = this.#prefixes.find((entry) => uri.startsWith(entry.matcher.path));
    const nested = prefix?.inner.find(uri);
    if (nested && nested.kind !== "none") return nested;
    const regex = prefix?.matcher.kind === "prefix-only" ? undefined : this.#findRegex(uri);
    const found = regex ?? (prefix && { entry: prefix, captures: undefined });
    return found ? matched(found, uri) : { kind: "none" };
  }

  #findRegex(uri: string): Found<Location> | undefined {
    for (const entry of this.#regexes) {
      const captures = entry.matcher.kind === "regex" ? entry.matcher.regex.exec(uri) : null;
      if (captures) return { entry, captures };
    }
    return undefined;
  }
}

function matched<Location>(
  { entry, captures }: Found<Location>,
  uri?: string,
): LocationMatch<Location> {
  const nested = uri !== undefined && captures ? entry.inner.find(uri) : undefined;
  if (nested && nested.kind !== "none") return nested;
  return { kind: "location", location: entry.location, captures };
}
