/**
 * nginx configuration text → tokens. Implements ngx_conf_read_token: quotes, backslash escapes, comments,
 * `${name}` inside bare words, a limit on the length of a word. The parser calls `next` until `end`.
 * No regular expressions and no back-tracking: one pass over the characters.
 */
import { ConfigError } from "../../errors/config-error.ts";

/** Longest word, in characters (nginx's configuration buffer). */
export const WORD_LENGTH_MAX = 4096;

export type Token =
  | {
      readonly kind: "word";
      readonly text: string;
      readonly quoted: boolean;
      readonly line: number;
    }
  | { readonly kind: ";" | "{" | "}" | "end"; readonly line: number };

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  "\\": "\\",
  t: "\t",
  r: "\r",
  n: "\n",
};

export class Lexer {
  readonly #text: string;
  readonly #file: string;
  #at = 0;
  #line = 1;
  /** Words since the last ";", "{" or "}". */
  #wordCount = 0;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
  }

  /** @throws ConfigError with nginx's sentence; the rest of the file cannot be read then. */
  next(): Token {
    this.#skipBlank();
    const line = this.#line;
    const char = this.#text[this.#at];
    if (char === undefined) {
      if (this.#wordCount > 0) this.#failAtEnd();
      return { kind: "end", line };
    }
    if (char === ";" || char === "{" || char === "}") return this.#mark(char, line);
    this.#wordCount++;
    return char === '"' || char === "'" ? this.#quotedWord(char) : this.#bareWord();
  }

  #mark(kind: ";" | "{" | "}", line: number): Token {
    const belongsToWords = kind !== "}";
    if (belongsToWords !== this.#wordCount > 0) this.#fail(`unexpected "${kind}"`);
    this.#wordCount = 0;
    this.#at++;
    return { kind, line };
  }

  #skipBlank(): void {
    for (;;) {
      const char = this.#text[this.#at];
      if (char === "#") {
        const end = this.#text.indexOf("\n", this.#at);
        this.#at = end === -1 ? this.#text.length : end;
      } else if (isSpace(char)) {
        if (char === "\n") this.#line++;
        this.#at++;
      } else {
        return;
      }
    }
  }

  #bareWord(): Token {
    const start = this.#at;
    let afterDollar = false;
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined) this.#failAtEnd();
      if (isSpace(char) || char === ";" || (char === "{" && !afterDollar)) break;
      if (char === "\\") this.#skipEscaped();
      afterDollar = char === "$";
      this.#at++;
      if (this.#at - start > WORD_LENGTH_MAX) {
        this.#fail(`too long parameter "${this.#text.slice(start, start + 10)}..." started`);
      }
    }
    return this.#word(start, this.#at, false);
  }

  #quotedWord(quote: string): Token {
    const start = ++this.#at;
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined) this.#failAtEnd();
      if (char === quote) break;
      if (char === "\n") this.#line++;
      if (char === "\\") this.#skipEscaped();
      this.#at++;
      if (this.#at - start > WORD_LENGTH_MAX) {
        this.#fail(`too long parameter, probably missing terminating "${quote}" character`);
      }
    }
    const word = this.#word(start, this.#at, true);
    const follower = this.#text[++this.#at];
    if (follower === undefined) this.#failAtEnd();
    if (!isSpace(follower) && !";{)".includes(follower)) this.#fail(`unexpected "${follower}"`);
    return word;
  }

  /** Steps onto the character after a backslash, which never ends a word. */
  #skipEscaped(): void {
    this.#at++;
    const char = this.#text[this.#at];
    if (char === undefined) this.#failAtEnd();
    if (char === "\n") this.#line++;
  }

  #word(start: number, end: number, quoted: boolean): Token {
    const text = unescape(this.#text.slice(start, end));
    return { kind: "word", text, quoted, line: this.#line };
  }

  #failAtEnd(): never {
    this.#fail('unexpected end of file, expecting ";" or "}"');
  }

  #fail(message: string): never {
    const place = { file: this.#file, line: this.#line };
    throw new ConfigError([{ ...place, severity: "error", message }]);
  }
}

function isSpace(char: string | undefined): boolean {
  return char === " " || char === "\t" || char === "\n" || char === "\r";
}

/** Only the six escapes of nginx are replaced; `\d` and the like keep their backslash. */
function unescape(raw: string): string {
  if (!raw.includes("\\")) return raw;
  let text = "";
  for (let at = 0; at < raw.length; at++) {
    const char = raw.charAt(at);
    const replaced = char === "\\" ? ESCAPES[raw.charAt(at + 1)] : undefined;
    text += replaced ?? char;
    if (replaced !== undefined) at++;
  }
  return text;
}
