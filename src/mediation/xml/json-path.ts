/**
 * JSONPath as Jayway's library (which Synapse uses) understands it: `$`, `.name`, `['a','b']`, `[0,1]`, slices, `*`,
 * recursive descent, filters `[?(..)]` and the functions length(), min(), max(), avg(), sum(), keys(). Paths are
 * compiled when the artifact is read; how many values one evaluation visits is bounded.
 */
import { MediationFault } from "../mediation-fault.ts";
import { nearestNumber } from "./exact-number.ts";
import { compileFilter, type JsonFilter } from "./json-filter.ts";
import { isArray, isObject, type JsonValue } from "./json-value.ts";

export type { JsonValue } from "./json-value.ts";

/** Names and indexes from the root to a value. */
export type JsonLocation = readonly (string | number)[];

/** A value and where it stands. */
export interface JsonHit {
  readonly value: JsonValue;
  readonly location: JsonLocation;
}

/** A compiled path. */
export interface JsonPath {
  readonly source: string;
  /** Names, single indexes and functions only: one hit at most. */
  readonly isDefinite: boolean;
  /** All hits in document order; empty when nothing matches. @throws MediationFault beyond JSON_VISITS_MAX. */
  select(root: JsonValue): readonly JsonValue[];
  /** The same with the place of each hit. */
  locate(root: JsonValue): readonly JsonHit[];
}

/** Most values that one evaluation looks at. */
export const JSON_VISITS_MAX = 1_000_000;

/** Longest path, in characters. */
export const JSON_PATH_LENGTH_MAX = 4_000;

type Step =
  | { readonly kind: "names"; readonly names: readonly string[] }
  | { readonly kind: "indexes"; readonly indexes: readonly number[] }
  | {
      readonly kind: "slice";
      readonly from: number | undefined;
      readonly to: number | undefined;
      readonly by: number;
    }
  | { readonly kind: "all" }
  | { readonly kind: "descend" }
  | { readonly kind: "filter"; readonly filter: JsonFilter }
  | { readonly kind: "function"; readonly name: JsonFunction };

const FUNCTIONS = ["length", "size", "min", "max", "avg", "sum", "keys", "first", "last"] as const;
type JsonFunction = (typeof FUNCTIONS)[number];

/** @throws SyntaxError when the text is no JSONPath. */
export function compileJsonPath(source: string): JsonPath {
  if (source.length > JSON_PATH_LENGTH_MAX)
    throw new SyntaxError(`JSONPath is longer than ${JSON_PATH_LENGTH_MAX} characters`);
  const text = source.trim();
  // "$." is the whole body, as "$" is.
  const rest = text === "$." ? "" : text.slice(1);
  const steps = new PathReader(text.startsWith("$") ? rest : `.${text}`, source).steps();
  const locate = (root: JsonValue): readonly JsonHit[] => new Evaluation(root).run(steps);
  const select = (root: JsonValue): readonly JsonValue[] => locate(root).map((hit) => hit.value);
  return { source, isDefinite: steps.every(isDefinite), locate, select };
}

/** What follows a function works on its one result. */
function isDefinite(step: Step): boolean {
  if (step.kind === "names") return step.names.length === 1;
  if (step.kind === "indexes") return step.indexes.length === 1;
  return step.kind === "function";
}

class PathReader {
  readonly #text: string;
  readonly #source: string;
  #at = 0;

  constructor(text: string, source: string) {
    this.#text = text;
    this.#source = source;
  }

  steps(): readonly Step[] {
    const steps: Step[] = [];
    while (this.#at < this.#text.length) {
      if (this.#taken("..")) {
        steps.push({ kind: "descend" });
        if (this.#text[this.#at] === "[") continue;
        steps.push(this.#name());
      } else if (this.#taken("[")) steps.push(this.#bracket());
      else if (this.#taken(".")) {
        if (this.#text[this.#at] !== "[") steps.push(this.#name());
      } else this.#fail();
    }
    return steps;
  }

  #taken(sign: string): boolean {
    if (!this.#text.startsWith(sign, this.#at)) return false;
    this.#at += sign.length;
    return true;
  }

  #name(): Step {
    if (this.#taken("*")) return { kind: "all" };
    const call = /^([a-z]+)\(\s*\)/.exec(this.#text.slice(this.#at));
    const name = FUNCTIONS.find((known) => known === call?.[1]);
    if (call && name) {
      this.#at += call[0].length;
      return { kind: "function", name };
    }
    const found = /^[^.[\]()\s'"*?,]+/.exec(this.#text.slice(this.#at))?.[0] ?? this.#fail();
    this.#at += found.length;
    return { kind: "names", names: [found] };
  }

  #bracket(): Step {
    const rest = this.#text.slice(this.#at);
    const filter = /^\s*\?\s*\(/.exec(rest)?.[0];
    if (filter !== undefined) return this.#filter(filter.length);
    const match =
      /^\s*(?:(\*)|(-?\d*\s*:\s*-?\d*(?:\s*:\s*-?\d+)?)|(-?\d+(?:\s*,\s*-?\d+)*)|((?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")(?:\s*,\s*(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"))*))\s*\]/.exec(
        rest,
      );
    if (!match) return this.#fail();
    this.#at += match[0].length;
    const [, all, slice, indexes, names = ""] = match;
    if (all !== undefined) return { kind: "all" };
    if (slice !== undefined) return sliceStep(slice);
    if (indexes !== undefined) return { kind: "indexes", indexes: indexes.split(",").map(Number) };
    const quoted = names.matchAll(/'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)"/g);
    return {
      kind: "names",
      names: [...quoted].map(([, one, other]) => (one ?? other ?? "").replace(/\\(.)/g, "$1")),
    };
  }

  #filter(opening: number): Step {
    const start = this.#at + opening;
    const end = closingOf(this.#text, start);
    if (end === -1) this.#fail();
    const close = /^\s*\]/.exec(this.#text.slice(end + 1))?.[0] ?? this.#fail();
    this.#at = end + 1 + close.length;
    return { kind: "filter", filter: compileFilter(this.#text.slice(start, end), compileJsonPath) };
  }

  #fail(): never {
    throw new SyntaxError(
      `JSONPath "${this.#source}" cannot be read from "${this.#text.slice(this.#at)}" on`,
    );
  }
}

/** Where the parenthesis that is open at `start` closes; -1: nowhere. Strings are skipped. */
function closingOf(text: string, start: number): number {
  let depth = 1;
  for (const match of text.slice(start).matchAll(/'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|[()]/g)) {
    if (match[0] === "(") depth += 1;
    else if (match[0] === ")") depth -= 1;
    if (depth === 0) return start + match.index;
  }
  return -1;
}

function sliceStep(text: string): Step {
  const [from, to, by] = text
    .split(":")
    .map((part) => (part.trim() === "" ? undefined : Number(part)));
  return { kind: "slice", from, to, by: by === undefined || by < 1 ? 1 : by };
}

class Evaluation {
  readonly #root: JsonValue;
  #visits = 0;

  constructor(root: JsonValue) {
    this.#root = root;
  }

  run(steps: readonly Step[]): readonly JsonHit[] {
    let hits: readonly JsonHit[] = [{ value: this.#root, location: [] }];
    for (const [index, step] of steps.entries()) {
      const next: JsonHit[] = [];
      if (step.kind === "filter" && steps[index - 1]?.kind === "descend")
        // Behind ".." every value is there by itself: looking into lists would find it twice.
        next.push(
          ...hits.filter(({ value }) => !isArray(value) && step.filter.matches(value, this.#root)),
        );
      else for (const hit of hits) this.#apply(step, hit, next);
      hits = next;
    }
    return hits;
  }

  #visit(): void {
    this.#visits += 1;
    if (this.#visits > JSON_VISITS_MAX)
      throw new MediationFault(`A JSONPath looked at more than ${JSON_VISITS_MAX} values`);
  }

  #apply(step: Step, hit: JsonHit, into: JsonHit[]): void {
    this.#visit();
    const { value } = hit;
    switch (step.kind) {
      case "names":
        for (const name of step.names) this.#member(hit, name, into);
        return;
      case "indexes":
        if (isArray(value)) for (const index of step.indexes) pushItem(hit, value, index, into);
        return;
      case "slice":
        if (isArray(value)) this.#slice(hit, value, step, into);
        return;
      case "all":
        into.push(...this.#children(hit));
        return;
      case "descend":
        this.#descend(hit, into);
        return;
      case "filter":
        for (const child of isArray(value) ? this.#children(hit) : [hit])
          if (step.filter.matches(child.value, this.#root)) into.push(child);
        return;
      case "function":
      default: {
        const result = applyFunction(step.name, value);
        if (result !== undefined) into.push({ value: result, location: [...hit.location] });
      }
    }
  }

  #member(hit: JsonHit, name: string, into: JsonHit[]): void {
    const { value } = hit;
    if (isArray(value)) {
      if (/^-?\d+$/.test(name)) pushItem(hit, value, Number(name), into);
    } else if (isObject(value) && Object.hasOwn(value, name))
      into.push({ value: value[name] ?? null, location: [...hit.location, name] });
  }

  #slice(
    hit: JsonHit,
    items: readonly JsonValue[],
    step: Step & { kind: "slice" },
    into: JsonHit[],
  ): void {
    const bound = (given: number | undefined, whenAbsent: number): number =>
      given === undefined ? whenAbsent : given < 0 ? Math.max(0, items.length + given) : given;
    const end = Math.min(bound(step.to, items.length), items.length);
    for (let index = bound(step.from, 0); index < end; index += step.by)
      pushItem(hit, items, index, into);
  }

  #children(hit: JsonHit): JsonHit[] {
    const { value, location } = hit;
    const children: JsonHit[] = [];
    if (isArray(value))
      for (const [index, item] of value.entries()) {
        this.#visit();
        children.push({ value: item, location: [...location, index] });
      }
    else if (isObject(value))
      for (const [name, member] of Object.entries(value)) {
        this.#visit();
        children.push({ value: member, location: [...location, name] });
      }
    return children;
  }

  /** The value itself and everything inside it, in document order. */
  #descend(hit: JsonHit, into: JsonHit[]): void {
    into.push(hit);
    for (const child of this.#children(hit)) this.#descend(child, into);
  }
}

function pushItem(hit: JsonHit, items: readonly JsonValue[], at: number, into: JsonHit[]): void {
  const index = at < 0 ? items.length + at : at;
  const value = items[index];
  if (value !== undefined) into.push({ value, location: [...hit.location, index] });
}

function applyFunction(name: JsonFunction, value: JsonValue): JsonValue | undefined {
  if (name === "keys") return isObject(value) ? Object.keys(value) : undefined;
  if (name === "length" || name === "size") {
    if (isArray(value) || typeof value === "string") return value.length;
    return isObject(value) ? Object.keys(value).length : undefined;
  }
  if (!isArray(value)) return undefined;
  if (name === "first" || name === "last") return value.at(name === "first" ? 0 : -1);
  const numbers = value.map(nearestNumber).filter((item) => typeof item === "number");
  if (numbers.length === 0) return undefined;
  const sum = numbers.reduce((total, number) => total + number, 0);
  if (name === "sum") return sum;
  if (name === "avg") return sum / numbers.length;
  return numbers.reduce((one, other) =>
    name === "min" ? Math.min(one, other) : Math.max(one, other),
  );
}

/**
 * The text that Synapse makes of hits: that of the one hit, "" when there is none; a path that may have several
 * yields an array of them, however many there are.
 */
export function jsonPathText(result: {
  readonly hits: readonly JsonValue[];
  readonly isDefinite: boolean;
}): string {
  const { hits, isDefinite: isSingle } = result;
  const value: JsonValue | undefined = isSingle ? hits[0] : [...hits];
  if (value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}
