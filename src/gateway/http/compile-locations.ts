/** The `location` blocks of a server → a LocationTable: modifiers, nesting rules and duplicates (ngx_http_core_location). */
import { toByteString } from "../byte-string.ts";
import type { LocationConfig } from "../gateway-config.ts";
import { reportFault } from "../nginx/analyze.ts";
import type { Block } from "../nginx/block.ts";
import { DirectiveFault } from "../nginx/directive-fault.ts";
import { DirectiveScope, type ReadingState } from "../nginx/directive-scope.ts";
import { LocationTable, type LocationEntry, type LocationMatcher } from "./locations.ts";
import { HTTP_MODULES, type HttpSettings } from "./modules/modules.ts";
import { limitExcept, rootSetting } from "./modules/core.ts";
import { proxySettings } from "./modules/proxy.ts";
import type { RedirectRule } from "./modules/proxy-rewrites.ts";
import { rewriteSteps } from "./modules/rewrite.ts";
import type { RewriteStep } from "./rewrite-script.ts";

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
    location: locationConfig(block, matcher, state),
    inner: compileLocations(block, state, matcher),
    redirectsToSlash: pass !== undefined,
  };
}

/** `block`: a location, or the `if` or `limit_except` in it. */
function locationConfig(
  block: Block,
  matcher: LocationMatcher,
  state: ReadingState,
): LocationConfig {
  const limit = block.isPartOfLocation ? undefined : block.own(limitExcept);
  return {
    matcher,
    settings: compileSettings(block),
    steps: block.context === "limit-except" ? [] : compileSteps(block, matcher, state),
    aliasSpan: aliasSpanOf(block),
    limitExcept: limit && {
      limits: methodTest(limit.args),
      location: locationConfig(limit, matcher, state),
    },
  };
}

/** The rewrite steps of a block; `matcher`: undefined on the server's level. */
export function compileSteps(
  block: Block,
  matcher: LocationMatcher | undefined,
  state: ReadingState,
): readonly RewriteStep[] {
  return (block.own(rewriteSteps) ?? []).map((step): RewriteStep => {
    if (step.kind !== "if") return step;
    const { condition, block: inner } = step;
    const steps = compileSteps(inner, matcher, state);
    const location = matcher && locationConfig(inner, matcher, state);
    return { kind: "if", condition, steps, location };
  });
}

/** How many characters of the path `alias` replaces: those of the location that it stands in. */
function aliasSpanOf(block: Block): number | undefined {
  let at: Block | undefined = block;
  while (at && (at.isPartOfLocation || at.own(rootSetting) === undefined)) at = at.parent;
  if (at?.context !== "location") return undefined;
  const { modifier, text } = splitModifier(at.args);
  return modifier.startsWith("~") ? undefined : toByteString(text).length;
}

/** What `limit_except` may name. */
const METHODS = new Set(
  "GET HEAD POST PUT DELETE MKCOL COPY MOVE OPTIONS PROPFIND PROPPATCH LOCK UNLOCK PATCH".split(
    " ",
  ),
);

/** GET includes HEAD. @throws DirectiveFault for a method that nginx does not know. */
function methodTest(methods: readonly string[]): (method: string) => boolean {
  const open = new Set(methods.map((method) => method.toUpperCase()));
  for (const method of methods) {
    if (METHODS.has(method.toUpperCase())) continue;
    throw new DirectiveFault(`invalid method "${method}"`);
  }
  if (open.has("GET")) open.add("HEAD");
  return (method) => !open.has(method);
}

function splitModifier([first = "", second]: readonly string[]): {
  readonly modifier: string;
  readonly text: string;
} {
  if (second !== undefined) return { modifier: first, text: second };
  const [, modifier = "", text = ""] = /^(=|\^~|~\*|~|)(.*)$/s.exec(first) ?? [];
  return { modifier, text };
}

function readMatcher(block: Block, state: ReadingState): LocationMatcher {
  const scope = new DirectiveScope("location", block.place, state);
  const { modifier, text } = splitModifier(block.args);
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
