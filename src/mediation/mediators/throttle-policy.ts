/**
 * Throttling policies (WS-Policy with the throttle assertions of wso2commons): how many messages may be in progress, and
 * what each caller may send, by IP address, range of addresses or domain; "other" is everybody else.
 */
import { childElements, textOf } from "../../config/xml-query.ts";
import type { XmlElement } from "../../config/xml.ts";

export type CallerLimit =
  | { readonly kind: "allow" }
  | { readonly kind: "deny" }
  | {
      readonly kind: "rate";
      readonly countMax: number;
      readonly unitTimeMs: number;
      /** 0: until the window ends. */
      readonly prohibitMs: number;
    };

export interface CallerRule {
  readonly type: "IP" | "DOMAIN";
  /** "a-b", an address, a domain, "*.domain", or "other". */
  readonly id: string;
  readonly limit: CallerLimit;
}

export interface ThrottlePolicy {
  /** Undefined: any number. */
  readonly concurrentMax: number | undefined;
  readonly rules: readonly CallerRule[];
}

/** Reads a policy. @returns the reason when it is not one. */
export function readThrottlePolicy(policy: XmlElement): ThrottlePolicy | string {
  const assertion = descendants(policy).find(({ name }) => name.endsWith("ThrottleAssertion"));
  if (!assertion) return "Invalid throttle policy: there is no ThrottleAssertion in it";
  const inside = descendants(assertion);
  const concurrent = inside.find(({ name }) => name === "MaximumConcurrentAccess");
  const concurrentMax = concurrent && wholeNumber(textOf(concurrent));
  if (concurrent && concurrentMax === undefined)
    return "Invalid throttle policy: MaximumConcurrentAccess is not a number";
  const rules: CallerRule[] = [];
  for (const part of inside) {
    const id = childElements(part).find(({ name }) => name === "ID");
    const rule = id && readRule(part, id);
    if (typeof rule === "string") return rule;
    if (rule) rules.push(rule);
  }
  return { concurrentMax, rules };
}

/** `part` is whatever holds the ID: a Policy, or All in older policies. */
function readRule(part: XmlElement, id: XmlElement): CallerRule | string {
  const word = id.attributes.find(({ name }) => name === "type")?.value.toUpperCase() ?? "IP";
  if (word !== "IP" && word !== "DOMAIN")
    return `Invalid throttle policy: callers of type ${word} are not known, only IP and DOMAIN`;
  const limit = readLimit(descendants(part));
  return typeof limit === "string" ? limit : { type: word, id: textOf(id), limit };
}

function readLimit(inside: readonly XmlElement[]): CallerLimit | string {
  const named = (name: string): XmlElement | undefined =>
    inside.find((element) => element.name === name);
  if (named("Allow")) return { kind: "allow" };
  const isAllow = named("IsAllow");
  if (named("Deny") || (isAllow && textOf(isAllow).toLowerCase() === "false"))
    return { kind: "deny" };
  const [count, unit, prohibit] = [
    named("MaximumCount"),
    named("UnitTime"),
    named("ProhibitTimePeriod"),
  ];
  if (!count) return { kind: "allow" };
  const countMax = wholeNumber(textOf(count));
  const unitTimeMs = unit && wholeNumber(textOf(unit));
  const prohibitText = prohibit ? textOf(prohibit) : "";
  const prohibitMs = prohibitText === "" ? 0 : wholeNumber(prohibitText);
  if (countMax === undefined || unitTimeMs === undefined || prohibitMs === undefined)
    return "Invalid throttle policy: MaximumCount, UnitTime and ProhibitTimePeriod have to be whole numbers";
  return { kind: "rate", countMax, unitTimeMs, prohibitMs };
}

function wholeNumber(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function descendants(element: XmlElement): readonly XmlElement[] {
  return childElements(element).flatMap((child) => [child, ...descendants(child)]);
}

/** The rule for a caller: the one that names it, else "other" of addresses, else "other" of domains. */
export function ruleFor(
  policy: ThrottlePolicy,
  address: string,
  domain: string | undefined,
): CallerRule | undefined {
  const named = policy.rules.find((rule) =>
    rule.type === "IP" ? matchesAddress(rule.id, address) : matchesDomain(rule.id, domain),
  );
  return named ?? policy.rules.find(({ id }) => id.toLowerCase() === "other");
}

function matchesAddress(id: string, address: string): boolean {
  const plain = address.replace(/^::ffff:/i, "");
  if (id === plain) return true;
  const [first = "", last = ""] = id.split("-", 2);
  const [from, to, at] = [addressNumber(first), addressNumber(last), addressNumber(plain)];
  return from !== undefined && to !== undefined && at !== undefined && from <= at && at <= to;
}

/** An IPv4 address as a number. */
function addressNumber(text: string): number | undefined {
  const parts = text.trim().split(".");
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256))
    return undefined;
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0);
}

function matchesDomain(id: string, domain: string | undefined): boolean {
  if (domain === undefined) return false;
  const [wanted, present] = [id.toLowerCase(), domain.toLowerCase()];
  return wanted.startsWith("*.") ? present.endsWith(wanted.slice(1)) : wanted === present;
}
