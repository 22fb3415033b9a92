/**
 * URI templates of http endpoints (RFC 6570, levels 1 and 2): `{uri.var.x}` is percent-encoded, `{+uri.var.x}` keeps
 * reserved characters. A template that starts with a variable takes the whole address from it, so there
 * `{x}` means `{+x}`; the prefix "legacy-encoding:" leaves every value as it is.
 */

type Part =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "variable"; readonly name: string; readonly reserved: boolean };

export interface UriTemplate {
  readonly source: string;
  /** The address for the values; a variable without value stands for nothing. */
  expand(valueOf: (name: string) => string | undefined): string;
}

const LEGACY = "legacy-encoding:";
const VARIABLE = /\{(\+?)([\w.-]+)\}/g;

/** Compiles a template. Braces that hold no variable stay as they are. */
export function compileUriTemplate(source: string): UriTemplate {
  const legacy = source.startsWith(LEGACY);
  const text = legacy ? source.slice(LEGACY.length) : source;
  const parts = readParts(text);
  return {
    source,
    expand: (valueOf) => parts.map((part) => partText(part, valueOf, legacy)).join(""),
  };
}

function readParts(text: string): readonly Part[] {
  const parts: Part[] = [];
  let end = 0;
  for (const match of text.matchAll(VARIABLE)) {
    if (match.index > end) parts.push({ kind: "text", text: text.slice(end, match.index) });
    const reserved = match[1] === "+" || match.index === 0;
    parts.push({ kind: "variable", name: match[2] ?? "", reserved });
    end = match.index + match[0].length;
  }
  if (end < text.length) parts.push({ kind: "text", text: text.slice(end) });
  return parts;
}

function partText(
  part: Part,
  valueOf: (name: string) => string | undefined,
  legacy: boolean,
): string {
  if (part.kind === "text") return part.text;
  const value = valueOf(part.name) ?? "";
  if (legacy) return value;
  return part.reserved ? encodeReserved(value) : encodeUnreserved(value);
}

/** Everything but unreserved characters (RFC 3986 section 2.3). */
function encodeUnreserved(value: string): string {
  return encodeURIComponent(value).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Reserved characters and triplets that are encoded already stay. */
function encodeReserved(value: string): string {
  return encodeURI(value)
    .replace(/%25([0-9a-fA-F]{2})/g, "%$1")
    .replaceAll("%5B", "[")
    .replaceAll("%5D", "]");
}
