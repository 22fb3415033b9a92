/** Content types: what a header says, and which of the engine's payload kinds it stands for. */

/** The kinds of payload that the builders and formatters know. */
export type PayloadKind = "soap11" | "soap12" | "xml" | "json" | "form" | "text" | "binary";

export interface ContentType {
  /** Lower-cased "type/subtype"; "" when there is none. */
  readonly type: string;
  /** Lower-cased charset parameter. */
  readonly charset: string | undefined;
  /** action parameter of application/soap+xml. */
  readonly action: string | undefined;
}

/** Reads a Content-Type value; never fails. */
export function parseContentType(value: string | undefined): ContentType {
  const [type = "", ...parameters] = (value ?? "").split(";");
  return {
    type: type.trim().toLowerCase(),
    charset: parameterOf(parameters, "charset")?.toLowerCase(),
    action: parameterOf(parameters, "action"),
  };
}

function parameterOf(parameters: readonly string[], name: string): string | undefined {
  for (const parameter of parameters) {
    const equals = parameter.indexOf("=");
    if (equals === -1 || parameter.slice(0, equals).trim().toLowerCase() !== name) continue;
    return parameter
      .slice(equals + 1)
      .trim()
      .replace(/^"(.*)"$/, "$1");
  }
  return undefined;
}

const KINDS: Readonly<Record<string, PayloadKind>> = {
  "text/xml": "soap11",
  "application/soap+xml": "soap12",
  "application/xml": "xml",
  "application/json": "json",
  "text/json": "json",
  "application/x-www-form-urlencoded": "form",
  "text/plain": "text",
  "text/html": "text",
  "text/csv": "text",
};

/** The payload kind of a media type; unknown ones are binary. */
export function payloadKindOf(type: string): PayloadKind {
  const known = KINDS[type];
  if (known) return known;
  if (type.endsWith("+json")) return "json";
  return type.endsWith("+xml") ? "xml" : "binary";
}
