/**
 * The part of JSONPath that Synapse configurations use: `$`, `.name`, `['name']`, `[n]`, `[*]`, `.*`.
 * Filters and recursive descent are refused when the artifact is read.
 */

/** A JSON value as `JSON.parse` yields it. */
export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue };

type Step = { readonly kind: "name"; readonly name: string } | { readonly kind: "all" };

/** A compiled path. */
export interface JsonPath {
  readonly source: string;
  /** All hits in document order; empty when nothing matches. */
  select(root: JsonValue): readonly JsonValue[];
}

const STEP = /\.([A-Za-z_$@][\w$@-]*)|\.\*|\[\s*(?:'([^']*)'|"([^"]*)"|(-?\d+)|\*)\s*\]/y;

/** @throws SyntaxError when the path uses anything beyond the subset. */
export function compileJsonPath(source: string): JsonPath {
  const text = source.trim();
  const steps = readSteps(text.startsWith("$") ? text.slice(1) : `.${text}`, source);
  return { source, select: (root) => steps.reduce<readonly JsonValue[]>(applyStep, [root]) };
}

function readSteps(text: string, source: string): readonly Step[] {
  const steps: Step[] = [];
  const pattern = new RegExp(STEP);
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(text);
    if (!match)
      throw new SyntaxError(`JSONPath "${source}" is not supported from "${text.slice(at)}" on`);
    const name = match[1] ?? match[2] ?? match[3] ?? match[4];
    steps.push(name === undefined ? { kind: "all" } : { kind: "name", name });
  }
  return steps;
}

function applyStep(values: readonly JsonValue[], step: Step): readonly JsonValue[] {
  return values.flatMap((value): readonly JsonValue[] => {
    if (typeof value !== "object" || value === null) return [];
    if (step.kind === "all") return Object.values(value);
    if (isArray(value)) return elementAt(value, step.name);
    return Object.hasOwn(value, step.name) ? [value[step.name] ?? null] : [];
  });
}

function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function elementAt(values: readonly JsonValue[], name: string): readonly JsonValue[] {
  if (!/^-?\d+$/.test(name)) return [];
  const found = values.at(Number(name));
  return found === undefined ? [] : [found];
}

/** The text that Synapse makes of hits: JSON text of objects and arrays, several hits joined by ",". */
export function jsonPathText(hits: readonly JsonValue[]): string {
  return hits.map((hit) => (typeof hit === "string" ? hit : JSON.stringify(hit))).join(",");
}
