/** All variables: the ordered list of their groups, and the look-up that templates are bound with. */
import type { VariableLookup, VariableReader } from "../../nginx/template.ts";
import { upstreamPrefixes, upstreamVariables } from "../../upstream/upstream-variables.ts";
import { connectionVariables } from "./connection-variables.ts";
import { requestPrefixes, requestVariables } from "./request-variables.ts";
import { sslVariables } from "./ssl-variables.ts";
import type { PrefixRows, VariableRows } from "./variable-row.ts";

const ROWS: VariableRows = {
  ...requestVariables,
  ...connectionVariables,
  ...sslVariables,
  ...upstreamVariables,
};
const PREFIXES: PrefixRows = { ...requestPrefixes, ...upstreamPrefixes };

/**
 * The look-up of one configuration.
 * @param own variables that the configuration defines (`map`), by name in lower case.
 * @param captureNames named groups of its regular expressions and the variables of `set`, in lower case.
 */
export function variableLookup(
  own: ReadonlyMap<string, VariableReader>,
  captureNames: ReadonlySet<string>,
): VariableLookup {
  return (name) => {
    if (/^[1-9]$/.test(name)) return (context) => context.capture(Number(name));
    const defined = own.get(name) ?? (Object.hasOwn(ROWS, name) ? ROWS[name] : undefined);
    if (defined) return defined;
    if (captureNames.has(name)) return (context) => context.variable(name);
    return prefixed(name);
  };
}

/** true for a name that `set` may not define. */
export function isBuiltInVariable(name: string): boolean {
  return Object.hasOwn(ROWS, name);
}

function prefixed(name: string): VariableReader | undefined {
  for (const [prefix, read] of Object.entries(PREFIXES)) {
    if (!name.startsWith(prefix) || name.length === prefix.length) continue;
    const rest = name.slice(prefix.length);
    return (context) => read(context, rest);
  }
  return undefined;
}
