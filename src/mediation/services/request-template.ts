/**
 * URI templates that requests are matched with (uri-template of an API's resource): literal text, `{x}` up to the next
 * reserved character of RFC 3986 (behind "?" up to "&" or "#"), `{x,y}` with a comma between the values, `{+x}` up to
 * the character that follows it in the template, `{.x}` and `{/x}` with their sign in front, and `*` at the end for the
 * rest. The whole of path and query has to match. Nothing is tried twice, so matching takes linear time.
 */

type Operator = "" | "+" | "." | "/" | "#";

type Part =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "variables"; readonly names: readonly string[]; readonly operator: Operator };

const RESERVED = ":/?#[]@!$&'()*+,;=";
const RESERVED_IN_QUERY = "&#";

export class RequestTemplate {
  readonly source: string;
  readonly #parts: readonly Part[];
  readonly #takesRest: boolean;

  private constructor(source: string, parts: readonly Part[], takesRest: boolean) {
    this.source = source;
    this.#parts = parts;
    this.#takesRest = takesRest;
  }

  /** @throws SyntaxError with what is wrong with the template. */
  static compile(source: string): RequestTemplate {
    const takesRest = source.endsWith("*");
    const text = takesRest ? source.slice(0, -1) : withoutLastSlash(source);
    return new RequestTemplate(source, readParts(text), takesRest);
  }

  /** The values of the variables; undefined when the path and query do not match. A last "/" makes no difference. */
  match(target: string): ReadonlyMap<string, string> | undefined {
    return this.#matchWhole(target) ?? this.#matchWhole(withoutLastSlash(target));
  }

  #matchWhole(target: string): ReadonlyMap<string, string> | undefined {
    const values = new Map<string, string>();
    let at = 0;
    for (const [index, part] of this.#parts.entries()) {
      const next = this.#parts[index + 1];
      const end =
        part.kind === "literal"
          ? target.startsWith(part.text, at)
            ? at + part.text.length
            : -1
          : takeVariables(part, target, at, { values, stop: stopOf(next) });
      if (end === -1) return undefined;
      at = end;
    }
    return at === target.length || this.#takesRest ? values : undefined;
  }
}

function withoutLastSlash(text: string): string {
  return text.length > 1 && text.endsWith("/") ? text.slice(0, -1) : text;
}

function readParts(text: string): readonly Part[] {
  const parts: Part[] = [];
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf("{", at);
    const literal = text.slice(at, open === -1 ? text.length : open);
    if (literal.includes("}"))
      throw new SyntaxError(`a closing brace without an open one in "${text}"`);
    if (literal !== "") parts.push({ kind: "literal", text: literal });
    if (open === -1) break;
    const close = text.indexOf("}", open);
    if (close === -1) throw new SyntaxError(`an open brace without a closing one in "${text}"`);
    parts.push(readVariables(text.slice(open + 1, close)));
    at = close + 1;
  }
  return parts;
}

function readVariables(expression: string): Part {
  const [, operator = "", list = ""] = /^([+./#]?)(.*)$/s.exec(expression) ?? [];
  const names = list.split(",").map((name) => name.trim());
  if (!names.every((name) => /^[\w.%:*-]+$/.test(name)))
    throw new SyntaxError(`{${expression}} is no variable`);
  return { kind: "variables", names, operator: operatorOf(operator) };
}

function operatorOf(sign: string): Operator {
  return sign === "+" || sign === "." || sign === "/" || sign === "#" ? sign : "";
}

/** The sign at which a variable ends, beside the reserved ones. */
function stopOf(next: Part | undefined): string | undefined {
  if (next?.kind === "literal") return next.text.charAt(0);
  return next === undefined || next.operator === "" || next.operator === "+"
    ? undefined
    : next.operator;
}

interface Taking {
  readonly values: Map<string, string>;
  readonly stop: string | undefined;
}

/** @returns where the value ends; -1: no match. */
function takeVariables(
  part: Part & { readonly kind: "variables" },
  target: string,
  from: number,
  taking: Taking,
): number {
  const { operator, names } = part;
  const hasSign = operator === "." || operator === "/" || operator === "#";
  // An expression with a sign of its own stands for nothing when the sign is not there.
  if (hasSign && target.charAt(from) !== operator)
    return setValues(names, [""], taking.values) ? from : -1;
  const start = hasSign ? from + 1 : from;
  const separator = operator === "." || operator === "/" ? operator : ",";
  const isQuery = target.lastIndexOf("?", start) !== -1;
  const reserved = isQuery ? RESERVED_IN_QUERY : RESERVED;
  let end = start;
  while (end < target.length) {
    const sign = target.charAt(end);
    if (sign === taking.stop) break;
    const isSeparator = names.length > 1 && sign === separator;
    if (!isSeparator && operator !== "+" && operator !== "#" && reserved.includes(sign)) break;
    end += 1;
  }
  const raw = target.slice(start, end);
  const text = isQuery ? raw.replaceAll("+", " ") : raw;
  const pieces = names.length === 1 ? [text] : text.split(separator);
  return setValues(names, pieces, taking.values) ? end : -1;
}

/** False when there are more values than names, or a name has another value already. */
function setValues(
  names: readonly string[],
  pieces: readonly string[],
  values: Map<string, string>,
): boolean {
  if (pieces.length > names.length) return false;
  for (const [index, name] of names.entries()) {
    const value = decodePiece(pieces[index] ?? "");
    if (values.has(name) && values.get(name) !== value) return false;
    values.set(name, value);
  }
  return true;
}

function decodePiece(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
