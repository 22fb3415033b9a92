/** The `location` blocks of a server → a LocationTable: modifiers, nesting rules and duplicates (ngx_http_core_location). */
import { toByteString } from "../byte-string.ts";
import type { LocationConfig } from "../gateway-config.ts";
import { reportFault } from "../nginx/analyze.ts";
import type { Block } from "../nginx/block.ts";
import { DirectiveFault } from "../nginx/directive-fault.ts";
import { DirectiveScope, type ReadingState } from "../nginx/directive-scope.ts";
import { LocationTable, type LocationEntry, type LocationMatcher } from "./locations.ts";
import { HTTP_MODULES, type HttpSettings } from "./modules/modules.ts";
import { proxySettings, type RedirectRule } from "./modules/proxy.ts";

/** The values of all HTTP modules for a block. */
export function compileSettings(block: Block): HttpSettings {
  const pairs = Object.entries(HTTP_MODULES).map(
    ([module, rows]) => [module, block.settings(rows)] as const,
  );
  return Object.fromEntries(pairs) as HttpSettings;
}

/** The locations directly inside `block`, with those inside them. */
export function compileLocations(
  block: Block,
  state: ReadingState,
  outer?: LocationMatcher,
): LocationTable<LocationConfig> {
  const entries: LocationEntry<LocationConfig>[] = [];
  for (const child of block.childrenIn("location")) {
    try {
      const matcher = readMatcher(child, state);
      checkNesting(matcher, outer);
      if (entries.some((entry) => isSame(entry.matcher, matcher))) {
        throw new DirectiveFault(`duplicate location "${matcher.path}"`);
      }
      entries.push(compileLocation(child, matcher, state));
    } catch (error) {
      reportFault(error, child.place, state);
    }
  }
  return new LocationTable(entries);
}

function compileLocation(
  block: Block,
  matcher: LocationMatcher,
  state: ReadingState,
): LocationEntry<LocationConfig> {
  const settings = compileSettings(block);
  const { pass } = settings.proxy;
  if (pass?.uri && pass.uri.isConstant && (matcher.kind === "regex" || matcher.kind === "named")) {
    state.problems.error(
      pass.host.place,
      '"proxy_pass" cannot have URI part in location given by regular expression, or inside named location',
    );
  }
  const isExplicit = settings.proxy.redirects !== proxySettings.redirects.initial;
  if (pass && pass.url === undefined && isExplicit && settings.proxy.redirects.some(isDefault)) {
    state.problems.error(
      pass.host.place,
      '"proxy_redirect default" cannot be used with "proxy_pass" directive with variables',
    );
  }
  return {
    matcher,
    location: { matcher, settings },
    inner: compileLocations(block, state, matcher),
    redirectsToSlash: pass !== undefined,
  };
}

function readMatcher(block: Block, state: ReadingState): LocationMatcher {
  const [first = "", second] = block.args;
  const scope = new DirectiveScope("location", block.place, state);
  const [, modifier = "", text = ""] =
    second === undefined ? (/^(=|\^~|~\*|~|)(.*)$/s.exec(first) ?? []) : ["", first, second];
  const path = toByteString(text);
  switch (modifier) {
    case "=":
      return { kind: "exact", path };
    case "^~":
      return { kind: "prefix-only", path };
    case "~":
    case "~*":
      return { kind: "regex", path, regex: scope.regex(text, modifier === "~*") };
    case "":
      return { kind: path.startsWith("@") ? "named" : "prefix", path };
    default:
      throw new DirectiveFault(`invalid location modifier "${modifier}"`);
  }
}

function isDefault({ kind }: RedirectRule): boolean {
  return kind === "default";
}

function checkNesting(matcher: LocationMatcher, outer: LocationMatcher | undefined): void {
  if (!outer) return;
  const { path } = matcher;
  if (outer.kind === "exact") {
    throw new DirectiveFault(
      `location "${path}" cannot be inside the exact location "${outer.path}"`,
    );
  }
  if (outer.kind === "named") {
    throw new DirectiveFault(
      `location "${path}" cannot be inside the named location "${outer.path}"`,
    );
  }
  if (matcher.kind === "named") {
    throw new DirectiveFault(`named location "${path}" can be on the server level only`);
  }
  if (matcher.kind !== "regex" && outer.kind !== "regex" && !path.startsWith(outer.path)) {
    throw new DirectiveFault(`location "${path}" is outside location "${outer.path}"`);
  }
}

function isSame(left: LocationMatcher, right: LocationMatcher): boolean {
  if (left.path !== right.path || left.kind === "regex" || right.kind === "regex") return false;
  const isPrefix = (kind: LocationMatcher["kind"]) => kind === "prefix" || kind === "prefix-only";
  return left.kind === right.kind || (isPrefix(left.kind) && isPrefix(right.kind));
}
