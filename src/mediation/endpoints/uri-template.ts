/**
 * URI templates of http endpoints: RFC 6570 with text values, read as Synapse reads them (HTTPEndpoint). A template that
 * starts with a variable takes the whole address from it, so there `{x}` means `{+x}`; the prefix "legacy-encoding:"
 * decodes values and encodes only what no URL may hold. What does not make a URL leaves the template as it stands.
 */

interface Operator {
  /** Before the first value. */
  readonly first: string;
  /** Between values. */
  readonly separator: string;
  /** Values are preceded by their name and "=". */
  readonly named: boolean;
  /** An empty value keeps the "=" behind its name. */
  readonly emptyEquals: boolean;
  /** Reserved characters and encoded triplets stay. */
  readonly reserved: boolean;
}

const SIMPLE: Operator = {
  first: "",
  separator: ",",
  named: false,
  emptyEquals: false,
  reserved: false,
};

/** RFC 6570, appendix A. */
const OPERATORS: Readonly<Record<string, Operator>> = {
  "+": { ...SIMPLE, reserved: true },
  "#": { ...SIMPLE, first: "#", reserved: true },
  ".": { ...SIMPLE, first: ".", separator: "." },
  "/": { ...SIMPLE, first: "/", separator: "/" },
  ";": { ...SIMPLE, first: ";", separator: ";", named: true },
  "?": { first: "?", separator: "&", named: true, emptyEquals: true, reserved: false },
  "&": { first: "&", separator: "&", named: true, emptyEquals: true, reserved: false },
};

interface Variable {
  readonly name: string;
  /** Only that many characters. Undefined: all. */
  readonly length: number | undefined;
}

type Part =
  | { readonly kind: "text"; readonly text: string }
  | {
      readonly kind: "expression";
      readonly operator: Operator;
      readonly variables: readonly Variable[];
    };

export interface UriTemplate {
  readonly source: string;
  /** The template without its prefix: where a message has no variable at all, this is the address. */
  readonly literal: string;
  /** Names of the variables, each once. */
  readonly variables: readonly string[];
  /** The address for the values; a variable without value stands for nothing. */
  expand(valueOf: (name: string) => string | undefined): string;
}

const LEGACY = "legacy-encoding:";
const EXPRESSION = /\{([+#./;?&]?)([\w.%-]+(?::\d{1,4}|\*)?(?:,[\w.%-]+(?::\d{1,4}|\*)?)*)\}/g;
// eslint-disable-next-line no-control-regex
const NOT_IN_URLS = /[\u0000-\u0020<>"{}|\\^`\u007F]|%(?![0-9A-Fa-f]{2})/;

/** Compiles a template. Braces that hold no expression stay as they are. */
export function compileUriTemplate(source: string): UriTemplate {
  const legacy = source.startsWith(LEGACY);
  const literal = legacy ? source.slice(LEGACY.length) : source;
  const parts = readParts(literal);
  const names = parts.flatMap((part) =>
    part.kind === "text" ? [] : part.variables.map(({ name }) => name),
  );
  return {
    source,
    literal,
    variables: [...new Set(names)],
    expand(valueOf) {
      const encode = legacy ? decoded : undefined;
      const text = parts.map((part) => partText(part, valueOf, encode)).join("");
      const url = legacy ? withoutForbidden(text) : text;
      return NOT_IN_URLS.test(url) ? literal : url;
    },
  };
}

function readParts(text: string): readonly Part[] {
  const parts: Part[] = [];
  let end = 0;
  for (const match of text.matchAll(EXPRESSION)) {
    if (match.index > end) parts.push({ kind: "text", text: text.slice(end, match.index) });
    const [whole, sign = "", list = ""] = match;
    const operator = sign === "" && match.index === 0 ? OPERATORS["+"] : OPERATORS[sign];
    parts.push({
      kind: "expression",
      operator: operator ?? SIMPLE,
      variables: list.split(",").map(readVariable),
    });
    end = match.index + whole.length;
  }
  if (end < text.length) parts.push({ kind: "text", text: text.slice(end) });
  return parts;
}

function readVariable(text: string): Variable {
  const [name = "", length] = text.replace(/\*$/, "").split(":");
  return { name, length: length === undefined ? undefined : Number(length) };
}

function partText(
  part: Part,
  valueOf: (name: string) => string | undefined,
  encode: ((value: string) => string) | undefined,
): string {
  if (part.kind === "text") return part.text;
  const { operator, variables } = part;
  const encoder = encode ?? (operator.reserved ? encodeReserved : encodeUnreserved);
  const values: string[] = [];
  for (const { name, length } of variables) {
    const value = valueOf(name);
    if (value === undefined) continue;
    const shown = length === undefined ? value : Array.from(value).slice(0, length).join("");
    values.push(named(name, encoder(shown), operator));
  }
  return values.length === 0 ? "" : operator.first + values.join(operator.separator);
}

function named(name: string, value: string, { named: isNamed, emptyEquals }: Operator): string {
  if (!isNamed) return value;
  return value === "" && !emptyEquals ? name : `${name}=${value}`;
}

/** Everything but unreserved characters (RFC 3986 section 2.3). */
function encodeUnreserved(value: string): string {
  return encodeURIComponent(value.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Reserved characters and triplets that are encoded already stay. */
function encodeReserved(value: string): string {
  return encodeURI(value.toWellFormed())
    .replace(/%25([0-9a-fA-F]{2})/g, "%$1")
    .replaceAll("%5B", "[")
    .replaceAll("%5D", "]");
}

/** java.net.URLDecoder; a value that is no encoded text stays as it is. */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value.replaceAll("+", " "));
  } catch {
    return value;
  }
}

/** What no URL may hold, encoded; a percent sign too, since all values are decoded. */
function withoutForbidden(text: string): string {
  return text.replace(new RegExp(NOT_IN_URLS.source, "g"), (character) =>
    encodeURIComponent(character),
  );
}
