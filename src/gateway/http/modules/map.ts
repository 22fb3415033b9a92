/**
 * `map SOURCE $variable { ... }` (ngx_http_map_module): a variable whose value depends on another's. Exact
 * values (compared without case), regular expressions in order, `default`.
 */
import { toByteString } from "../../byte-string.ts";
import type { Block } from "../../nginx/block.ts";
import { DirectiveFault } from "../../nginx/directive-fault.ts";
import { DirectiveScope, type ReadingState } from "../../nginx/directive-scope.ts";
import { block } from "../../nginx/directive.ts";
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
  const exact = new Map<string, Template>();
  const regexes: { readonly regex: RegExp; readonly value: Template }[] = [];
  let otherwise: Template | undefined;
  for (const { name, args, place } of map.entries) {
    const scope = new DirectiveScope("map", place, state);
    const [text] = args;
    if (name === "volatile" && args.length === 0) continue;
    if (args.length !== 1 || !text) {
      state.problems.error(place, "invalid number of the map parameters");
    } else if (name === "default") {
      otherwise = scope.template(text.text);
    } else if (name.startsWith("~")) {
      const caseless = name.startsWith("~*");
      const regex = scope.regex(name.slice(caseless ? 2 : 1), caseless);
      regexes.push({ regex, value: scope.template(text.text) });
    } else {
      const word = toByteString(name.replace(/^\\/, "").toLowerCase());
      if (exact.has(word)) state.problems.error(place, `conflicting parameter "${name}"`);
      exact.set(word, scope.template(text.text));
    }
  }
  return {
    name: variable.slice(1).toLowerCase(),
    reader(context) {
      const value = key.evaluate(context);
      const found =
        exact.get(value.toLowerCase()) ??
        regexes.find(({ regex }) => regex.test(value))?.value ??
        otherwise;
      return found?.evaluate(context) ?? "";
    },
  };
}
