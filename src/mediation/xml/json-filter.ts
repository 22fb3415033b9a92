/**
 * Filters of JSONPath, `[?(@.price < 10 && @.name != 'a')]`, as Jayway's library reads them: comparisons, =~, in, nin,
 * size, empty, contains, &&, ||, ! and parentheses. A path without comparison asks whether it exists.
 */
import { javaPattern } from "./java-pattern.ts";
import { isExactNumber, nearestNumber } from "./exact-number.ts";
import { isArray, isObject, type JsonValue } from "./json-value.ts";

/** Compiles the paths inside a filter. */
export type PathCompiler = (path: string) => {
  select(root: JsonValue): readonly JsonValue[];
};

export interface JsonFilter {
  matches(item: JsonValue, root: JsonValue): boolean;
}

type Operand = (item: JsonValue, root: JsonValue) => JsonValue | RegExp | undefined;
type Condition = (item: JsonValue, root: JsonValue) => boolean;

/** Deepest nesting of parentheses. */
const DEPTH_MAX = 50;

const TOKEN =
  /\s*(?:(&&|\|\||==|!=|<=|>=|=~|[<>()!])|('(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")|(\/(?:\\.|[^/\\])+\/[a-z]*)|([@$](?:\[(?:'[^']*'|"[^"]*"|[^\]])*\]|\.{1,2}[\w$*@-]+(?:\(\s*\))?)*)|(\[[^\]]*\])|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|([A-Za-z]+))/y;

const COMPARISONS: readonly string[] = [
  "==",
  "!=",
  "<",
  "<=",
  ">",
  ">=",
  "=~",
  "in",
  "nin",
  "size",
  "empty",
  "contains",
];

/**
 * Compiles what stands between `?(` and `)`.
 * @param compilePath the compiler of the paths inside.
 * @throws SyntaxError
 */
export function compileFilter(source: string, compilePath: PathCompiler): JsonFilter {
  const reader = new FilterReader(tokensOf(source), source, compilePath);
  return { matches: reader.whole() };
}

function tokensOf(source: string): string[] {
  const tokens: string[] = [];
  const pattern = new RegExp(TOKEN);
  const end = source.trimEnd().length;
  while (pattern.lastIndex < end) {
    const match = pattern.exec(source);
    if (!match) throw new SyntaxError(`JSONPath filter "${source}" cannot be read`);
    tokens.push(match[0].trim());
  }
  return tokens;
}

class FilterReader {
  readonly #tokens: string[];
  readonly #source: string;
  readonly #compilePath: PathCompiler;
  #depth = 0;

  constructor(tokens: string[], source: string, compilePath: PathCompiler) {
    this.#tokens = tokens;
    this.#source = source;
    this.#compilePath = compilePath;
  }

  whole(): Condition {
    const condition = this.#or();
    if (this.#tokens.length > 0) this.#fail();
    return condition;
  }

  #or(): Condition {
    const parts = [this.#and()];
    while (this.#taken("||")) parts.push(this.#and());
    return (item, root) => parts.some((part) => part(item, root));
  }

  #and(): Condition {
    const parts = [this.#not()];
    while (this.#taken("&&")) parts.push(this.#not());
    return (item, root) => parts.every((part) => part(item, root));
  }

  #not(): Condition {
    this.#depth += 1;
    if (this.#depth > DEPTH_MAX) this.#fail();
    const condition = this.#single();
    this.#depth -= 1;
    return condition;
  }

  #single(): Condition {
    if (this.#taken("!")) {
      const inner = this.#not();
      return (item, root) => !inner(item, root);
    }
    if (!this.#taken("(")) return this.#comparison();
    const inner = this.#or();
    if (!this.#taken(")")) this.#fail();
    return inner;
  }

  #comparison(): Condition {
    const left = this.#operand();
    const operator = this.#tokens[0]?.toLowerCase() ?? "";
    if (!COMPARISONS.includes(operator)) return (item, root) => left(item, root) !== undefined;
    this.#tokens.shift();
    const right = this.#operand();
    return (item, root) => compare(left(item, root), operator, right(item, root));
  }

  #operand(): Operand {
    const token = this.#tokens.shift() ?? this.#fail();
    if (/^[@$]/.test(token)) return this.#path(token);
    const value = constantOf(token);
    if (value === undefined) this.#fail();
    return () => value;
  }

  /** One hit is its value, several hits are a list. */
  #path(token: string): Operand {
    const path = this.#compilePath(`$${token.slice(1)}`);
    const isRoot = token.startsWith("$");
    return (item, root) => {
      const hits = path.select(isRoot ? root : item);
      return hits.length > 1 ? hits : hits[0];
    };
  }

  #taken(token: string): boolean {
    if (this.#tokens[0] !== token) return false;
    this.#tokens.shift();
    return true;
  }

  #fail(): never {
    throw new SyntaxError(`JSONPath filter "${this.#source}" cannot be read`);
  }
}

function constantOf(token: string): JsonValue | RegExp | undefined {
  if (/^['"]/.test(token)) return token.slice(1, -1).replace(/\\(.)/g, "$1");
  const pattern = /^\/(.+)\/([a-z]*)$/s.exec(token);
  if (pattern) {
    const flags = (pattern[2] ?? "").replace(/[^ims]/g, "");
    return javaPattern(`${flags === "" ? "" : `(?${flags})`}${pattern[1] ?? ""}`, "whole");
  }
  if (token.startsWith("[")) return listOf(token);
  if (token === "true" || token === "false") return token === "true";
  if (token === "null") return null;
  const number = Number(token);
  return Number.isNaN(number) ? undefined : number;
}

function listOf(token: string): JsonValue[] {
  const items = token.slice(1, -1).matchAll(/'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)"|([^\s,]+)/g);
  return [...items].map(([, one, other, plain]) => {
    if (plain === undefined) return one ?? other ?? "";
    const value = constantOf(plain);
    return value === undefined || value instanceof RegExp ? plain : value;
  });
}

function compare(
  left: JsonValue | RegExp | undefined,
  operator: string,
  right: JsonValue | RegExp | undefined,
): boolean {
  if (operator === "=~")
    return typeof left === "string" && right instanceof RegExp && right.test(left);
  if (left instanceof RegExp || right instanceof RegExp) return false;
  if (operator === "==" || operator === "!=") return isSame(left, right) === (operator === "==");
  if (left === undefined || right === undefined) return false;
  switch (operator) {
    case "in":
    case "nin":
      return isArray(right) && right.some((item) => isSame(item, left)) === (operator === "in");
    case "contains":
      if (typeof left === "string")
        return left.includes(typeof right === "object" ? JSON.stringify(right) : String(right));
      return isArray(left) && left.some((item) => isSame(item, right));
    case "size":
      return lengthOf(left) === right;
    case "empty":
      return (lengthOf(left) === 0) === right;
    default:
      return isOrdered(left, operator, right);
  }
}

function isOrdered(one: JsonValue, operator: string, other: JsonValue): boolean {
  const [left, right] = [nearestNumber(one), nearestNumber(other)];
  const areNumbers = typeof left === "number" && typeof right === "number";
  if (!areNumbers && !(typeof left === "string" && typeof right === "string")) return false;
  if (operator === "<") return left < right;
  if (operator === "<=") return left <= right;
  return operator === ">" ? left > right : left >= right;
}

function lengthOf(value: JsonValue): number | undefined {
  if (isArray(value) || typeof value === "string") return value.length;
  return isObject(value) ? Object.keys(value).length : undefined;
}

function isSame(left: JsonValue | undefined, right: JsonValue | undefined): boolean {
  if (left === right) return true;
  if (left === undefined || right === undefined) return false;
  // A constant of the path is a double: so is what it is compared with.
  if (isExactNumber(left) !== isExactNumber(right))
    return nearestNumber(left) === nearestNumber(right);
  if (typeof left !== "object" || typeof right !== "object") return false;
  return JSON.stringify(left) === JSON.stringify(right);
}
