/** `sticky cookie | route | learn` of an upstream: the arguments of all three (ngx_http_upstream_sticky_module). */
import { DirectiveFault } from "../nginx/directive-fault.ts";
import type { DirectiveScope } from "../nginx/directive-scope.ts";
import type { Template } from "../nginx/template.ts";
import { parseDurationMs, parseSize } from "../nginx/units.ts";
import type { StickyConfig, StickyCookieConfig, StickyLearnConfig } from "./upstream-config.ts";

/** Smallest zone, in bytes: eight pages, as in nginx. */
const ZONE_BYTES_MIN = 8 * 4096;
const LEARN_TIMEOUT_MS = 600_000;

/** @throws DirectiveFault. */
export function readSticky(
  [kind = "", ...words]: readonly string[],
  scope: DirectiveScope,
): StickyConfig {
  switch (kind) {
    case "cookie":
      return readCookie(words, scope);
    case "route":
      if (words.length === 0) throw new DirectiveFault('no variables in "sticky route"');
      return { kind, variables: words.map((word) => scope.template(word)) };
    case "learn":
      return readLearn(words, scope);
    default:
      return failOn(kind);
  }
}

function readCookie(
  [name = "", ...words]: readonly string[],
  scope: DirectiveScope,
): StickyCookieConfig {
  if (name === "") throw new DirectiveFault('no cookie name in "sticky cookie"');
  let config: StickyCookieConfig = { ...COOKIE_DEFAULTS, name };
  for (const word of words) config = { ...config, ...readCookieWord(word, scope) };
  return config;
}

const COOKIE_DEFAULTS: StickyCookieConfig = {
  kind: "cookie",
  name: "",
  expires: undefined,
  domain: undefined,
  path: undefined,
  sameSite: undefined,
  httpOnly: false,
  secure: false,
};

function readCookieWord(word: string, scope: DirectiveScope): Partial<StickyCookieConfig> {
  if (word === "httponly") return { httpOnly: true };
  if (word === "secure") return { secure: true };
  const [, key = "", text = ""] = /^(expires|domain|path|samesite)=(.*)$/s.exec(word) ?? [];
  switch (key) {
    case "expires":
      return { expires: text === "max" ? text : (parseDurationMs(text) ?? failOn(word)) };
    case "domain":
      return { domain: scope.template(text) };
    case "path":
      return { path: scope.template(text) };
    case "samesite":
      return { sameSite: readSameSite(scope.template(text), word) };
    default:
      return failOn(word);
  }
}

function readSameSite(template: Template, word: string): Template {
  const isKnown = /^(strict|lax|none)$/i.test(template.text);
  return isKnown || !template.isConstant ? template : failOn(word);
}

function readLearn(words: readonly string[], scope: DirectiveScope): StickyLearnConfig {
  const create: Template[] = [];
  const lookup: Template[] = [];
  let zone: { readonly name: string; readonly bytes: number } | undefined;
  let timeoutMs = LEARN_TIMEOUT_MS;
  let atHead = false;
  let shared = false;
  for (const word of words) {
    const [, name, text = ""] = /^(create|lookup|zone|timeout)=(.*)$/.exec(word) ?? [];
    if (name === "create") create.push(scope.template(text));
    else if (name === "lookup") lookup.push(scope.template(text));
    else if (name === "zone") zone = readZone(text);
    else if (name === "timeout") timeoutMs = parseDurationMs(text) ?? failOn(word);
    else if (word === "header") atHead = true;
    else if (word === "sync") shared = true;
    else failOn(word);
  }
  if (create.length === 0) throw new DirectiveFault('"create" is required for "sticky learn"');
  if (lookup.length === 0) throw new DirectiveFault('"lookup" is required for "sticky learn"');
  if (!zone) throw new DirectiveFault('"zone" is required for "sticky learn"');
  const { name: zoneName, bytes: zoneBytes } = zone;
  return { kind: "learn", create, lookup, zoneName, zoneBytes, timeoutMs, atHead, shared };
}

function failOn(word: string): never {
  throw new DirectiveFault(`invalid parameter "${word}"`);
}

function readZone(text: string): { readonly name: string; readonly bytes: number } {
  const [, name = "", size = ""] = /^([^:]+):(.+)$/.exec(text) ?? [];
  if (name === "") throw new DirectiveFault(`invalid zone size "${text}"`);
  return { name, bytes: readZoneBytes(name, size) };
}

/** The size of a zone of an upstream. @throws DirectiveFault. */
export function readZoneBytes(name: string, size: string): number {
  const bytes = parseSize(size);
  if (bytes === undefined) throw new DirectiveFault(`invalid zone size "${name}:${size}"`);
  if (bytes < ZONE_BYTES_MIN) throw new DirectiveFault(`zone "${name}" is too small`);
  return bytes;
}
