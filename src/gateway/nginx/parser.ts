/**
 * Tokens → statements, with `include` expanded where it stands. Implements ngx_conf_parse: braces, end of
 * file inside a block, file patterns. An error ends the file that it is in; the other files are still
 * read, so that one look shows everything. What statements mean is decided in analyze.ts.
 */
import { isAbsolute, resolve } from "node:path";
import type { ConfigProblems, SourcePlace } from "../../errors/config-error.ts";
import { FILE_LENGTH_MAX, type ConfigFiles } from "./config-files.ts";
import { Lexer, type Token } from "./lexer.ts";
import { describeSystemError } from "./system-error.ts";

/** Deepest chain of included files; a file that includes itself ends here. */
export const INCLUDE_DEPTH_MAX = 16;
/** Deepest nesting of blocks. */
export const BLOCK_DEPTH_MAX = 32;
/** Most files of one configuration. */
export const FILE_COUNT_MAX = 1000;

export interface Word {
  readonly text: string;
  readonly quoted: boolean;
}

export interface Statement {
  readonly name: string;
  readonly args: readonly Word[];
  /** The line of the terminating ";" or "{", as nginx reports it. */
  readonly place: SourcePlace;
  /** Undefined: ended by ";". */
  readonly children: readonly Statement[] | undefined;
}

/** A file as it was read; `-T` prints them. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

export class Parser {
  readonly #files: ConfigFiles;
  readonly #problems: ConfigProblems;
  readonly #folder: string;
  readonly #sources = new Map<string, SourceFile>();
  readonly #open: string[] = [];

  /** @param folder relative names of `include` are relative to it: the main file's folder. */
  constructor(files: ConfigFiles, problems: ConfigProblems, folder: string) {
    this.#files = files;
    this.#problems = problems;
    this.#folder = folder;
  }

  /** Every file read so far, once, in the order of reading. */
  get sources(): readonly SourceFile[] {
    return [...this.#sources.values()];
  }

  /**
   * The statements of one file. Problems are collected, never thrown.
   * @param asked the place of the `include`; for the main file the file itself.
   */
  parseFile(path: string, asked: SourcePlace): readonly Statement[] {
    if (this.#open.length >= INCLUDE_DEPTH_MAX || this.#open.includes(path)) {
      const reason = this.#open.includes(path)
        ? "it includes itself"
        : "includes are nested too deep";
      this.#problems.error(asked, `cannot include "${path}": ${reason}`);
      return [];
    }
    const text = this.#read(path, asked);
    if (text === undefined) return [];
    this.#open.push(path);
    try {
      return this.parseText(text, path);
    } finally {
      this.#open.pop();
    }
  }

  /** The statements of a text, for example of `-g`; `name` stands in its problems. */
  parseText(text: string, name: string): readonly Statement[] {
    const statements: Statement[] = [];
    try {
      this.#parseBlock(new Lexer(text, name), name, 0, statements);
    } catch (error) {
      this.#problems.addThrown(error);
    }
    return statements;
  }

  #read(path: string, asked: SourcePlace): string | undefined {
    try {
      const text = this.#files.readText(path);
      if (text.length > FILE_LENGTH_MAX || this.#sources.size >= FILE_COUNT_MAX) {
        this.#problems.error(asked, `cannot include "${path}": the configuration is too large`);
        return undefined;
      }
      this.#sources.set(path, { path, text });
      return text;
    } catch (error) {
      this.#problems.error(asked, `open() "${path}" failed (${describeSystemError(error)})`);
      return undefined;
    }
  }

  /** Reads to the end of the file or, below depth 0, to the closing brace. */
  #parseBlock(lexer: Lexer, file: string, depth: number, into: Statement[]): void {
    let words: Word[] = [];
    for (;;) {
      const token = lexer.next();
      if (token.kind === "word") {
        words.push({ text: token.text, quoted: token.quoted });
        continue;
      }
      const place = { file, line: token.line };
      if (token.kind === "end" || token.kind === "}") {
        this.#checkEnd(token, depth, place);
        return;
      }
      const [name, ...args] = words;
      words = [];
      const children: Statement[] = [];
      if (token.kind === "{") this.#parseBlock(lexer, file, depth + 1, children);
      const block = token.kind === "{" ? children : undefined;
      const statement = { name: name?.text ?? "", args, place, children: block };
      if (statement.name === "include") into.push(...this.#include(statement));
      else into.push(statement);
    }
  }

  #checkEnd(token: Token, depth: number, place: SourcePlace): void {
    if (token.kind === "}" && depth === 0) this.#problems.error(place, 'unexpected "}"');
    if (token.kind === "end" && depth > 0) {
      this.#problems.error(place, 'unexpected end of file, expecting "}"');
    }
    if (depth > BLOCK_DEPTH_MAX) {
      this.#problems.error(place, `blocks are nested deeper than ${BLOCK_DEPTH_MAX}`);
    }
  }

  #include({ args, place, children }: Statement): readonly Statement[] {
    const [pattern] = args;
    if (children) {
      this.#problems.error(place, 'directive "include" is not terminated by ";"');
      return [];
    }
    if (args.length !== 1 || !pattern) {
      this.#problems.error(place, 'invalid number of arguments in "include" directive');
      return [];
    }
    const path = isAbsolute(pattern.text) ? pattern.text : resolve(this.#folder, pattern.text);
    const paths = /[*?[]/.test(path) ? this.#files.glob(path) : [path];
    return paths.flatMap((included) => this.parseFile(included, place));
  }
}
