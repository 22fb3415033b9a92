/**
 * Places inside JSON values: the JSONPaths that name exactly one (`$`, `$.a.b`, `$.a[2]['c']`), and the value with another
 * one there. What iterate, foreach and others use that write to where a path leads.
 */
import { isArray, isObject, type JsonValue } from "./json-value.ts";

/** Names and indexes from the root on; empty: the root itself. */
export type JsonLocation = readonly (string | number)[];

const STEP = /\.([^.[\]*()]+)|\[\s*(?:'([^']*)'|"([^"]*)"|(\d{1,9}))\s*\]/y;

/** The place that a path names, with or without `json-eval( )`; undefined when it may name several or is no such path. */
export function jsonLocation(source: string): JsonLocation | undefined {
  const inner = /^\s*json-eval\((.*)\)\s*$/s.exec(source)?.[1] ?? source;
  const text = inner.trim().replace(/\.$/, "");
  if (!text.startsWith("$")) return undefined;
  const steps: (string | number)[] = [];
  const pattern = new RegExp(STEP);
  pattern.lastIndex = 1;
  while (pattern.lastIndex < text.length) {
    const match = pattern.exec(text);
    if (!match) return undefined;
    const index = match[4];
    steps.push(index === undefined ? (match[1] ?? match[2] ?? match[3] ?? "") : Number(index));
  }
  return steps;
}

/** The value with `item` at the place. Objects on the way that are missing are made; the original is not changed. */
export function withJsonAt(value: JsonValue, location: JsonLocation, item: JsonValue): JsonValue {
  const [step, ...rest] = location;
  if (step === undefined) return item;
  if (isArray(value) && typeof step === "number") {
    const copy = [...value];
    if (step < copy.length) copy[step] = withJsonAt(copy[step] ?? null, rest, item);
    return copy;
  }
  const members = new Map(isObject(value) ? Object.entries(value) : []);
  members.set(String(step), withJsonAt(members.get(String(step)) ?? null, rest, item));
  return Object.fromEntries(members);
}

/** What a loop runs over: the items of the one array that was found, else every hit. */
export function jsonItems(hits: readonly JsonValue[]): readonly JsonValue[] {
  const [only] = hits;
  return hits.length === 1 && only !== undefined && isArray(only) ? only : hits;
}
