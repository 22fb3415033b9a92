/**
 * Regular expressions of artifacts: java.util.regex syntax as a JavaScript RegExp whose time is bounded. A pattern in
 * which repetitions can multiply (one inside another, or several in a row) runs on V8's linear engine; where that
 * engine cannot (look-around, back references) a repetition inside a repetition is refused, and others are timed.
 * Used for filter, switch, router, property, rewrite, evaluators and tokenize().
 */
import { setFlagsFromString } from "node:v8";
import { TimedPattern } from "./timed-pattern.ts";

/** Longest pattern. */
export const PATTERN_LENGTH_MAX = 2_000;

// Makes the flag "l" known to the parser of patterns; no other pattern of the process changes. It is never
// switched off again, since V8 ends the process when a linear pattern runs without it.
setFlagsFromString("--enable-experimental-regexp-engine");

/** "whole": the text has to match from end to end (matches()); "part": anywhere (find()); "all": for replaceAll(). */
export type PatternUse = "whole" | "part" | "all";

/** @throws SyntaxError when the pattern is faulty, uses what JavaScript does not have, or cannot be bounded. */
export function javaPattern(source: string, use: PatternUse): RegExp {
  if (source.length > PATTERN_LENGTH_MAX)
    throw new SyntaxError(`the pattern is longer than ${PATTERN_LENGTH_MAX} characters`);
  const { body, flags: inline } = withoutFlags(source);
  const translated = new PatternTranslator(body).translate();
  const unicode = translated.unicode ? "u" : "";
  // Anchored at both ends, m would let one line stand for the text.
  const kept = use === "whole" ? inline.replace("m", "") : inline;
  const flags = `${kept}${unicode}${use === "all" ? "g" : ""}`;
  const text = use === "whole" ? `^(?:${translated.text})$` : translated.text;
  const plain = new RegExp(text, flags);
  const { nested, repetitions } = translated;
  // From end to end one repetition takes one pass; elsewhere one for each place where it may begin.
  if (!nested && repetitions < (use === "whole" ? 2 : 1)) return plain;
  try {
    return new RegExp(text, `${flags}l`);
  } catch {
    if (!nested) return new TimedPattern(text, flags, repetitions);
    throw new SyntaxError(
      `the pattern "${source}" repeats a group that itself repeats and uses look-around, back references or counted repetitions: its time cannot be bounded. Write it without one of both`,
    );
  }
}

/**
 * Matcher.replaceAll: "$1" stands for a group, a backslash takes the next character as it is.
 * @param pattern made with use "all".
 */
export function replaceAllJava(text: string, pattern: RegExp, replacement: string): string {
  return text.replace(pattern, (...found: readonly unknown[]) =>
    replacement.replace(/\\(.)|\$(\d)/gs, (_, escaped: string | undefined, group: string) =>
      escaped === undefined ? groupText(found[Number(group)]) : escaped,
    ),
  );
}

function groupText(group: unknown): string {
  return typeof group === "string" ? group : "";
}

/** Leading inline flags: i and s mean the same in JavaScript, m and u become it, x is taken out by hand. */
function withoutFlags(source: string): { readonly body: string; readonly flags: string } {
  const inline = /^\(\?([imsuxd]+)\)/.exec(source);
  if (!inline) return { body: source, flags: "" };
  const letters = inline[1] ?? "";
  const body = source.slice(inline[0].length);
  return {
    body: letters.includes("x") ? body.replace(/\\.|#[^\n]*|\s/g, keepEscaped) : body,
    flags: ["i", "m", "s"].filter((flag) => letters.includes(flag)).join(""),
  };
}

function keepEscaped(piece: string): string {
  return piece.startsWith("\\") ? piece : "";
}

/** Java's names of character classes as the inside of a JavaScript class. */
const CLASSES: Readonly<Record<string, string>> = {
  Lower: "a-z",
  Upper: "A-Z",
  Alpha: "a-zA-Z",
  Digit: "0-9",
  Alnum: "a-zA-Z0-9",
  Punct: "!-\\/:-@\\[-`\\{-~",
  Graph: "!-~",
  Print: " -~",
  Blank: " \\t",
  Cntrl: "\\x00-\\x1F\\x7F",
  XDigit: "0-9a-fA-F",
  Space: "\\s",
  ASCII: "\\x00-\\x7F",
};

interface Group {
  /** Whether something inside repeats without bound, or has alternatives. */
  repeats: boolean;
}

class PatternTranslator {
  readonly #source: string;
  readonly #groups: Group[] = [{ repeats: false }];
  #at = 0;
  #text = "";
  #inClass = false;
  #closed: Group | undefined;
  #nested = false;
  #repetitions = 0;
  readonly #unicode: boolean;

  constructor(source: string) {
    this.#source = source;
    this.#unicode =
      /\\[pP]\{?(?!Lower|Upper|Alpha|Digit|Alnum|Punct|Graph|Print|Blank|Cntrl|XDigit|Space|ASCII)/.test(
        source,
      );
  }

  translate(): {
    readonly text: string;
    readonly unicode: boolean;
    readonly nested: boolean;
    readonly repetitions: number;
  } {
    while (this.#at < this.#source.length) this.#step();
    return {
      text: this.#text,
      unicode: this.#unicode,
      nested: this.#nested,
      repetitions: this.#repetitions,
    };
  }

  #step(): void {
    const sign = this.#source[this.#at] ?? "";
    this.#at += 1;
    if (sign === "\\") return this.#escape();
    if (this.#inClass) return this.#classSign(sign);
    if (sign === "[") {
      this.#inClass = true;
      this.#text += "[";
      if (this.#source[this.#at] === "^") this.#take(1);
      return undefined;
    }
    if (sign === "(") return this.#open();
    if (sign === ")") {
      this.#closed = this.#groups.length > 1 ? this.#groups.pop() : undefined;
      this.#text += sign;
      return this.#quantifier();
    }
    if (sign === "|") this.#inner().repeats = true;
    this.#text += this.#unicode && (sign === "}" || sign === "]") ? `\\${sign}` : sign;
    return this.#quantifier();
  }

  #inner(): Group {
    return this.#groups.at(-1) ?? { repeats: false };
  }

  #take(length: number): void {
    this.#text += this.#source.slice(this.#at, this.#at + length);
    this.#at += length;
  }

  #classSign(sign: string): void {
    if (sign === "[") throw new SyntaxError("a character class inside a character class");
    if (sign === "&" && this.#source[this.#at] === "&")
      throw new SyntaxError("an intersection (&&) of character classes");
    this.#text += sign;
    if (sign !== "]") return;
    this.#inClass = false;
    this.#quantifier();
  }

  #open(): void {
    const rest = this.#source.slice(this.#at);
    if (rest.startsWith("?>")) throw new SyntaxError("an atomic group (?>");
    const head = /^\?(?:[:=!]|<[=!]|<[A-Za-z]\w*>|[ims]*(?:-[ims]+)?:)/.exec(rest)?.[0] ?? "";
    if (rest.startsWith("?") && head === "")
      throw new SyntaxError("flags inside the pattern: write them at its start");
    this.#text += `(${head}`;
    this.#at += head.length;
    this.#groups.push({ repeats: false });
  }

  /** What repeats the piece that was just written. */
  #quantifier(): void {
    const found = /^(?:[*+?]|\{\d+(?:,\d*)?\})/.exec(this.#source.slice(this.#at))?.[0];
    const group = this.#closed;
    this.#closed = undefined;
    if (group?.repeats === true) this.#inner().repeats = true;
    if (found === undefined) return;
    this.#take(found.length);
    const next = this.#source[this.#at];
    if (next === "+") throw new SyntaxError("a possessive repetition");
    if (next === "?") this.#take(1);
    const isRepeated = found !== "?" && !/^\{1\}$|^\{0,1\}$/.test(found);
    if (!isRepeated) return;
    if (group?.repeats === true) this.#nested = true;
    this.#inner().repeats = true;
    this.#repetitions += 1;
  }

  #escape(): void {
    const sign = this.#source[this.#at] ?? "";
    this.#at += 1;
    if (sign === "Q") return this.#quoted();
    if (sign === "p" || sign === "P") this.#property(sign);
    else this.#text += this.#escaped(sign);
    if (!this.#inClass) this.#quantifier();
    return undefined;
  }

  #escaped(sign: string): string {
    if (sign === "A") return "^";
    if (sign === "z" || sign === "Z") return "$";
    if (sign === "h") return this.#inClass ? " \\t\\xA0" : "[ \\t\\xA0]";
    if (sign === "R") return "(?:\\r\\n|[\\n\\r\\u2028\\u2029])";
    if (sign === "a") return "\\x07";
    if (sign === "e") return "\\x1B";
    if (sign === "") throw new SyntaxError("a backslash at the end of the pattern");
    // In unicode mode a backslash may only stand before what has a meaning.
    const isNeedless = this.#unicode && !/[\\^$.*+?()[\]{}|/\-\w]/.test(sign);
    return isNeedless ? sign : `\\${sign}`;
  }

  #quoted(): void {
    const end = this.#source.indexOf("\\E", this.#at);
    const text = this.#source.slice(this.#at, end === -1 ? undefined : end);
    this.#text += text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
    this.#at = end === -1 ? this.#source.length : end + 2;
    if (!this.#inClass) this.#quantifier();
  }

  #property(sign: string): void {
    const [whole = "", braced, short] =
      /^(?:\{(\w+)\}|(\w))/.exec(this.#source.slice(this.#at)) ?? [];
    this.#at += whole.length;
    const name = (braced ?? short ?? "").replace(/^Is/, "");
    const known = CLASSES[name];
    if (known === undefined) this.#text += `\\${sign}{${name}}`;
    else if (this.#inClass) this.#text += sign === "p" ? known : refuseNegation(name);
    else this.#text += `[${sign === "P" ? "^" : ""}${known}]`;
  }
}

function refuseNegation(name: string): never {
  throw new SyntaxError(`\\P{${name}} inside a character class`);
}
