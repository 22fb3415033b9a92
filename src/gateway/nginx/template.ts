/**
 * Text with variables (`$host`, `${host}:8080`), split when the configuration is read, bound to readers once
 * all variables are known, and evaluated per request. Implements ngx_http_compile_complex_value.
 */
import type { SourcePlace } from "../../errors/config-error.ts";
import type { RequestContext } from "../http/request-context.ts";
import { toByteString } from "../byte-string.ts";
import { DirectiveFault } from "./directive-fault.ts";

/** The value of one variable for one request; "" when it has none. Must not throw. */
export type VariableReader = (context: RequestContext) => string;

/** Finds the reader of a name in lower case; undefined: there is no such variable. */
export type VariableLookup = (name: string) => VariableReader | undefined;

type Part = { readonly literal: string } | { readonly variable: string };

export class Template {
  /** As it stands in the configuration. */
  readonly text: string;
  readonly place: SourcePlace;
  /** True when no variable stands in it: the value is `text`. */
  readonly isConstant: boolean;
  readonly #parts: readonly Part[];
  #readers: readonly (string | VariableReader)[];

  /** @throws DirectiveFault for `$` without a name. */
  constructor(text: string, place: SourcePlace) {
    this.text = text;
    this.place = place;
    this.#parts = splitParts(text);
    this.isConstant = this.#parts.every((part) => "literal" in part);
    this.#readers = this.isConstant ? [toByteString(text)] : [];
  }

  /** Looks up every variable, once. @returns the names that are unknown. */
  bind(lookup: VariableLookup): readonly string[] {
    const unknown: string[] = [];
    this.#readers = this.#parts.map((part) => {
      if ("literal" in part) return toByteString(part.literal);
      const reader = lookup(part.variable.toLowerCase());
      if (!reader) unknown.push(part.variable);
      return reader ?? "";
    });
    return unknown;
  }

  /** A string of bytes (one character a byte), as the values of requests are. */
  evaluate(context: RequestContext): string {
    let value = "";
    for (const reader of this.#readers) {
      value += typeof reader === "string" ? reader : reader(context);
    }
    return value;
  }
}

function splitParts(text: string): readonly Part[] {
  const parts: Part[] = [];
  let at = 0;
  for (;;) {
    const dollar = text.indexOf("$", at);
    const literal = text.slice(at, dollar === -1 ? text.length : dollar);
    if (literal !== "") parts.push({ literal });
    if (dollar === -1) return parts;
    const name = variableAt(text, dollar);
    parts.push({ variable: name.text });
    at = name.end;
  }
}

function variableAt(text: string, dollar: number): { readonly text: string; readonly end: number } {
  const braced = text[dollar + 1] === "{";
  const start = dollar + (braced ? 2 : 1);
  // A capture is one digit: "$10" is "$1" and "0".
  const digit = /^[1-9]/.exec(text.slice(start))?.[0];
  const name = digit ?? /^[A-Za-z0-9_]+/.exec(text.slice(start))?.[0];
  if (name === undefined) throw new DirectiveFault("invalid variable name");
  const end = start + name.length;
  if (!braced) return { text: name, end };
  if (text[end] !== "}") {
    throw new DirectiveFault(`the closing bracket in "${name}" variable is missing`);
  }
  return { text: name, end: end + 1 };
}
