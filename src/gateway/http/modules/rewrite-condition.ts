/** The condition of `if (...)` (ngx_http_rewrite_if_condition): variables, comparisons, expressions, files. */
import { accessSync, constants, type Stats, statSync } from "node:fs";
import { fromByteString } from "../../byte-string.ts";
import { DirectiveFault } from "../../nginx/directive-fault.ts";
import type { DirectiveScope } from "../../nginx/directive-scope.ts";
import type { Template } from "../../nginx/template.ts";
import type { RequestContext } from "../request-context.ts";

export type Condition = (context: RequestContext) => boolean;

/** The words between `if` and "{", with their parentheses. @throws DirectiveFault. */
export function readCondition(words: readonly string[], scope: DirectiveScope): Condition {
  const [first = "", second, third, ...rest] = innerWords(words);
  if (/^!?-[fdex]$/.test(first) && second !== undefined && third === undefined) {
    return fileCondition(first, scope.template(second));
  }
  if (!/^\$\w+$/.test(first)) throw new DirectiveFault(`invalid condition "${first}"`);
  const value = scope.template(first);
  if (second === undefined) return (context) => isTrue(value.evaluate(context));
  if (third === undefined || rest.length > 0) {
    throw new DirectiveFault(`invalid condition "${second}"`);
  }
  return comparison(value, second, third, scope);
}

function innerWords(words: readonly string[]): readonly string[] {
  const [first = ""] = words;
  if (!first.startsWith("(")) throw new DirectiveFault(`invalid condition "${first}"`);
  const last = words.at(-1) ?? "";
  if (!last.endsWith(")")) throw new DirectiveFault(`invalid condition "${last}"`);
  const text = [...words];
  text[0] = first.slice(1);
  text[text.length - 1] = (text.at(-1) ?? "").slice(0, -1);
  // A parenthesis may stand alone.
  return text.filter((word, at) => word !== "" || (at > 0 && at < text.length - 1));
}

function isTrue(value: string): boolean {
  return value !== "" && value !== "0";
}

function comparison(
  value: Template,
  operator: string,
  text: string,
  scope: DirectiveScope,
): Condition {
  const negated = operator.startsWith("!");
  if (operator === "=" || operator === "!=") {
    const wanted = scope.template(text);
    return (context) => (value.evaluate(context) === wanted.evaluate(context)) !== negated;
  }
  if (!/^!?~\*?$/.test(operator)) {
    throw new DirectiveFault(`unexpected "${operator}" in condition`);
  }
  const regex = scope.regex(text, operator.endsWith("*"));
  return (context) => context.match(regex, value.evaluate(context)) !== negated;
}

const FILE_TESTS: Readonly<Record<string, (stats: Stats, path: string) => boolean>> = {
  f: (stats) => stats.isFile(),
  d: (stats) => stats.isDirectory(),
  e: () => true,
  x: (_, path) => isExecutable(path),
};

function fileCondition(word: string, path: Template): Condition {
  const negated = word.startsWith("!");
  const test = FILE_TESTS[word.at(-1) ?? ""];
  return (context) => {
    const name = fromByteString(path.evaluate(context));
    const stats = name.includes("\0") ? undefined : statSync(name, { throwIfNoEntry: false });
    return (stats !== undefined && test?.(stats, name) === true) !== negated;
  };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
