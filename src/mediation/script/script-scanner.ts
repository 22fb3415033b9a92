/**
 * Characters of a script: a cursor over JavaScript text that reads the pieces which must not be looked into (comments,
 * strings, regular expressions, names, numbers). The E4X translator (e4x-translator.ts) is built on it.
 */

/** A script that cannot be read. `line` counts from 1, in the script's own text. */
export class ScriptSyntaxError extends SyntaxError {
  readonly line: number;

  constructor(message: string, line: number) {
    super(message);
    this.name = "ScriptSyntaxError";
    this.line = line;
  }
}

const NAME = /[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*/uy;
const NUMBER =
  /(?:0[xXoObB][0-9a-fA-F_]+|\d[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?\d+)?|\.\d[\d_]*(?:[eE][+-]?\d+)?)n?/y;
const SPACE = /(?:[\s\uFEFF]+|\/\/[^\n]*|\/\*[^]*?\*\/)+/y;
const XML_NAME = /[\p{L}_][\p{L}\p{N}._-]*(?::[\p{L}_][\p{L}\p{N}._-]*)?/uy;

export class ScriptScanner {
  readonly text: string;
  at = 0;

  constructor(text: string) {
    this.text = text;
  }

  get isAtEnd(): boolean {
    return this.at >= this.text.length;
  }

  /** The character here, or `offset` further on; "" behind the end. */
  peek(offset = 0): string {
    return this.text.charAt(this.at + offset);
  }

  startsWith(text: string): boolean {
    return this.text.startsWith(text, this.at);
  }

  /** Goes over `text` when it stands here. */
  take(text: string): boolean {
    if (!this.startsWith(text)) return false;
    this.at += text.length;
    return true;
  }

  /** White space and comments; "" when there are none. */
  space(): string {
    return this.#match(SPACE);
  }

  /** A JavaScript name; "" when none stands here. */
  name(): string {
    return this.#match(NAME);
  }

  number(): string {
    return this.#match(NUMBER);
  }

  /** A name of an element or attribute, perhaps with prefix; "" when none stands here. */
  xmlName(): string {
    return this.#match(XML_NAME);
  }

  /** A string in single or double quotes, quotes included. */
  string(): string {
    const start = this.at;
    const quote = this.peek();
    for (this.at += 1; this.peek() !== quote; this.at += 1) {
      if (this.isAtEnd || this.peek() === "\n") this.fail("a string is not closed", start);
      if (this.peek() === "\\") this.at += 1;
    }
    this.at += 1;
    return this.text.slice(start, this.at);
  }

  /** A regular expression, flags included. */
  pattern(): string {
    const start = this.at;
    let inClass = false;
    for (this.at += 1; inClass || this.peek() !== "/"; this.at += 1) {
      if (this.isAtEnd || this.peek() === "\n")
        this.fail("a regular expression is not closed", start);
      if (this.peek() === "\\") this.at += 1;
      else if (this.peek() === "[") inClass = true;
      else if (this.peek() === "]") inClass = false;
    }
    this.at += 1;
    this.name();
    return this.text.slice(start, this.at);
  }

  /** Text up to and with `end`. */
  through(end: string, what: string): string {
    const start = this.at;
    const found = this.text.indexOf(end, start);
    if (found === -1) this.fail(`${what} is not closed`, start);
    this.at = found + end.length;
    return this.text.slice(start, this.at);
  }

  /** @throws ScriptSyntaxError with the line of `at`. */
  fail(message: string, at = this.at): never {
    throw new ScriptSyntaxError(message, this.lineOf(at));
  }

  lineOf(at: number): number {
    return this.text.slice(0, at).split("\n").length;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0] ?? "";
    this.at += found.length;
    return found;
  }
}
