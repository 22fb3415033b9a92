/**
 * `map SOURCE $variable { ... }` (ngx_http_map_module): a variable whose value depends on another's. Exact
 * values (compared without case), regular expressions in order, `default`; `hostnames`, `volatile`.
 */
import { toByteString } from "../../byte-string.ts";
import type { Block } from "../../nginx/block.ts";
import { DirectiveFault } from "../../nginx/directive-fault.ts";
import { DirectiveScope, type ReadingState } from "../../nginx/directive-scope.ts";
import { block } from "../../nginx/directive.ts";
import { ServerNameTable } from "../server-names.ts";
import type { Template, VariableReader } from "../../nginx/template.ts";

export const mapBlock = block({
  name: "map",
  contexts: ["http"],
  arity: 2,
  opens: "map",
  table: true,
});

export interface MapVariable {
  /** Without "$", in lower case. */
  readonly name: string;
  readonly reader: VariableReader;
}

/** @throws DirectiveFault when the block itself is wrong; wrong entries are collected. */
export function compileMap(map: Block, state: ReadingState): MapVariable {
  const [source = "", variable = ""] = map.args;
  if (!variable.startsWith("$")) throw new DirectiveFault(`invalid variable name "${variable}"`);
  const key = new DirectiveScope("map", map.place, state).template(source);
  const table = new ServerNameTable<Template>();
  const exact = new Map<string, Template>();
  const regexes: { readonly regex: RegExp; readonly value: Template }[] = [];
  let otherwise: Template | undefined;
  const isFlag = (word: string): boolean =>
    map.entries.some(({ name, args }) => name === word && args.length === 0);
  const hostnames = isFlag("hostnames");
  for (const { name, args, place } of map.entries) {
    const scope = new DirectiveScope("map", place, state);
    const [text] = args;
    if ((name === "volatile" || name === "hostnames") && args.length === 0) continue;
    if (args.length !== 1 || !text) {
      state.problems.error(place, "invalid number of the map parameters");
      continue;
    }
    const result = scope.template(text.text);
    if (name === "default") {
      if (otherwise) state.problems.error(place, "duplicate default map parameter");
      otherwise = result;
    } else if (name.startsWith("~")) {
      const caseless = name.startsWith("~*");
      regexes.push({ regex: scope.regex(name.slice(caseless ? 2 : 1), caseless), value: result });
    } else {
      const word = toByteString(name.replace(/^\\/, "").toLowerCase());
      const isNew = hostnames ? addHostname(table, word, result) : !exact.has(word);
      if (!isNew) state.problems.error(place, `conflicting parameter "${name}"`);
      exact.set(word, result);
    }
  }
  const named = variable.slice(1).toLowerCase();
  const evaluate: VariableReader = (context) => {
    const value = key.evaluate(context);
    const word = value.toLowerCase();
    const found =
      (hostnames ? table.find(word.replace(/\.$/, ""))?.server : exact.get(word)) ??
      regexes.find(({ regex }) => context.match(regex, value))?.value ??
      otherwise;
    return found?.evaluate(context) ?? "";
  };
  return { name: named, reader: isFlag("volatile") ? evaluate : remembered(named, evaluate) };
}

/** "example.com", "*.example.com", ".example.com", "www.*". @returns false: the name stands there already. */
function addHostname(table: ServerNameTable<Template>, word: string, value: Template): boolean {
  if (word.startsWith("*.")) {
    return table.add({ kind: "leading", text: word, suffix: word.slice(1) }, value);
  }
  if (word.endsWith(".*")) {
    return table.add({ kind: "trailing", text: word, prefix: word.slice(0, -1) }, value);
  }
  if (!word.startsWith(".")) return table.add({ kind: "exact", text: word }, value);
  const isNew = table.add({ kind: "exact", text: word.slice(1) }, value);
  return table.add({ kind: "leading", text: word, suffix: word }, value) && isNew;
}

/** A value is evaluated once a request, whatever becomes of its source. */
function remembered(name: string, evaluate: VariableReader): VariableReader {
  return (context) => {
    const known = context.mapValues.get(name);
    if (known !== undefined) return known;
    const value = evaluate(context);
    context.mapValues.set(name, value);
    return value;
  };
}
