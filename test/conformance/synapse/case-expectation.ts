/** Compares what came back with what a case expects: a list of differences, one short sentence each. */
import { isDeepStrictEqual } from "node:util";
import type { ElementCount, Expectation, FaultPart } from "./case-format.ts";

/** What one request brought. */
export interface Outcome {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  /** Lines that the worker has written since the case began. */
  readonly log: string;
  /** Requests at back ends as text: request line, headers, body. */
  readonly received: readonly string[];
}

/** Longer texts are cut in a difference. */
const SHOWN_CHARS = 300;

/** What differs; empty when the outcome is as expected. */
export function differencesOf(expect: Expectation, outcome: Outcome): readonly string[] {
  return [
    ...statusDifferences(expect, outcome),
    ...bodyDifferences(expect, outcome.body),
    ...headerDifferences(expect, outcome),
    ...countDifferences(expect, outcome.body),
    ...faultDifferences(expect, outcome.body),
    ...missing(expect.logContains, outcome.log, "the log"),
    ...backendDifferences(expect, outcome),
  ];
}

/** Whether something that is expected may still come: a log line, a request at a back end. */
export function mayStillCome(expect: Expectation, outcome: Outcome): boolean {
  if (missing(expect.logContains, outcome.log, "the log").length > 0) return true;
  return backendDifferences(expect, outcome).length > 0;
}

function statusDifferences(expect: Expectation, { status, body }: Outcome): readonly string[] {
  if (typeof expect.status !== "number" || expect.status === status) return [];
  return [`status ${status} instead of ${expect.status} with ${shown(body)}`];
}

function bodyDifferences(expect: Expectation, body: string): readonly string[] {
  const differences = [...missing(expect.contains, body, "the body")];
  for (const text of expect.notContains ?? [])
    if (body.includes(text)) differences.push(`${shown(text)} is in the body ${shown(body)}`);
  if (expect.bodyEmpty === true && body !== "")
    differences.push(`the body is not empty: ${shown(body)}`);
  if (expect.bodyEquals !== undefined && body !== expect.bodyEquals)
    differences.push(`the body is ${shown(body)} instead of ${shown(expect.bodyEquals)}`);
  if (expect.jsonEquals !== undefined && !isDeepStrictEqual(jsonOf(body), expect.jsonEquals))
    differences.push(
      `the JSON is ${shown(body)} instead of ${shown(JSON.stringify(expect.jsonEquals))}`,
    );
  return differences;
}

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function headerDifferences(expect: Expectation, outcome: Outcome): readonly string[] {
  const differences: string[] = [];
  for (const [name, wanted] of Object.entries(expect.headers ?? {})) {
    const found = valuesOf(outcome, name);
    if (!found.includes(wanted))
      differences.push(`header ${name} is ${shown(found)} instead of ${wanted}`);
  }
  const once = expect.headerOnce;
  if (once !== undefined) {
    const found = valuesOf(outcome, "Content-Type");
    if (found.split(once).length !== 2) differences.push(`${once} is not once in ${shown(found)}`);
  }
  return differences;
}

function valuesOf({ headers }: Outcome, name: string): string {
  return headers
    .filter(([present]) => present.toLowerCase() === name.toLowerCase())
    .map(([, value]) => value)
    .join();
}

function countDifferences(expect: Expectation, body: string): readonly string[] {
  const counts: readonly ElementCount[] = [expect.countElements ?? []].flat();
  return counts.flatMap(({ localName, count }) => {
    const found = body.match(new RegExp(`<(?:[\\w.-]+:)?${localName}[\\s/>]`, "g")) ?? [];
    if (found.length === count) return [];
    return [`${found.length} elements ${localName} instead of ${count} in ${shown(body)}`];
  });
}

/** Element names of the two SOAP versions for each part of a fault. */
const FAULT_PARTS: Readonly<Record<FaultPart, RegExp>> = {
  code: /<(?:[\w.-]+:)?(?:faultcode|Value)(?:\s[^>]*)?>\s*(?:[\w.-]+:)?([^<]*?)\s*</,
  reason: /<(?:[\w.-]+:)?(?:faultstring|Text)(?:\s[^>]*)?>\s*([^<]*?)\s*</,
  role: /<(?:[\w.-]+:)?(?:faultactor|Role)(?:\s[^>]*)?>\s*([^<]*?)\s*</,
  detail: /<(?:[\w.-]+:)?[Dd]etail(?:\s[^>]*)?>([\s\S]*?)<\/(?:[\w.-]+:)?[Dd]etail>/,
};

function faultDifferences(expect: Expectation, body: string): readonly string[] {
  const parts = ["code", "reason", "role", "detail"] as const;
  return parts.flatMap((part) => {
    const wanted = expect.soapFault?.[part];
    if (wanted === undefined) return [];
    const found = plain(FAULT_PARTS[part].exec(body)?.[1] ?? "");
    if (found === plain(wanted)) return [];
    return [`fault ${part} is ${shown(found)} instead of ${shown(wanted)} in ${shown(body)}`];
  });
}

/** Text without markup, entities and outer spaces. */
function plain(text: string): string {
  return text
    .replace(/<[^>]*>/g, "")
    .replaceAll("&apos;", "'")
    .replaceAll("&quot;", '"')
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&")
    .trim();
}

function backendDifferences(expect: Expectation, { received }: Outcome): readonly string[] {
  const differences: string[] = [];
  if (expect.backendReceives !== undefined && received.length !== expect.backendReceives)
    differences.push(`back ends got ${received.length} requests, not ${expect.backendReceives}`);
  const all = received.join("\n");
  return [
    ...differences,
    ...missing(expect.backendRequestContains, all, "the requests at the back ends"),
  ];
}

function missing(
  wanted: readonly string[] | undefined,
  text: string,
  where: string,
): readonly string[] {
  return (wanted ?? [])
    .filter((part) => !text.includes(part))
    .map((part) => `${shown(part)} is not in ${where} ${shown(text)}`);
}

function shown(text: string): string {
  const line = JSON.stringify(text);
  return line.length <= SHOWN_CHARS ? line : `${line.slice(0, SHOWN_CHARS)}...`;
}
