/**
 * Scripts of artifacts → programs for the sandbox: E4X translated, syntax checked, and what only a Java engine could run refused.
 * An inline script's value is that of its last statement; a script with a key is read together with its includes, and
 * a function of it is called. Lines of errors are those of the artifact or of the script's own file.
 */
import { Script } from "node:vm";
import type { LocalEntry } from "../message/local-entry.ts";
import { translateScript, type TranslatedScript } from "./e4x-translator.ts";
import type { ScriptProgram } from "./script-sandbox.ts";
import { ScriptSyntaxError } from "./script-scanner.ts";

/** A piece of a script and where it came from. */
export interface ScriptPart {
  readonly text: string;
  /** A file or a key, for errors. */
  readonly name: string;
  /** The line of the file on which the text starts. */
  readonly firstLine: number;
}

/** A program that can say where one of its lines came from. */
export interface PlacedProgram extends ScriptProgram {
  /** "name:line" of a line of the program. */
  placeOf(line: number): string;
}

/** The script in a local entry or a resource: the text inside, where it is written within an element. */
export function scriptTextOf({ element, text }: LocalEntry): string {
  if (!element) return text;
  return element.children.map((child) => (child.kind === "text" ? child.value : "")).join("");
}

const FILE = "script.js";

/** What runs before an inline script's first line is on that line. @throws ScriptSyntaxError */
export function inlineProgram(part: ScriptPart): PlacedProgram {
  const { source } = checkedScript(part.text);
  return {
    source: `(function (mc) { return eval(${JSON.stringify(source)}); })`,
    file: FILE,
    placeOf: (line) => `${part.name}:${part.firstLine + line - 1}`,
  };
}

/**
 * @param parts the includes, then the script itself.
 * @param functionName a plain name; it is called with `mc`.
 * @throws ScriptSyntaxError
 */
export function functionProgram(parts: readonly ScriptPart[], functionName: string): PlacedProgram {
  const sources = parts.map((part) => checkedScript(part.text).source);
  const name = JSON.stringify(functionName);
  const call = `if (typeof ${functionName} !== "function") throw new ReferenceError("no such method: " + ${name}); return ${functionName}(mc);`;
  return {
    source: `(function (mc) { ${sources.join("\n")}\n${call} })`,
    file: FILE,
    placeOf: (line) => placeIn(parts, line),
  };
}

/** Translates and checks one piece. @throws ScriptSyntaxError */
export function checkedScript(text: string): TranslatedScript {
  const translated = translateScript(text);
  const [java] = translated.javaReferences;
  if (java) throw new ScriptSyntaxError(javaSentence(java.name), java.line);
  checkSyntax(translated.source);
  return translated;
}

function javaSentence(name: string): string {
  return `${name} reaches Java, which is not here: scripts have JavaScript and the mc object only`;
}

/** The engine's own parser knows where; the sandbox only that. */
function checkSyntax(source: string): void {
  try {
    // Compiled, never run.
    void new Script(source, { filename: FILE });
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const line =
      new RegExp(`^${FILE.replace(".", "\\.")}:(\\d+)`).exec(error.stack ?? "")?.[1] ?? "1";
    throw new ScriptSyntaxError(error.message, Number(line));
  }
}

function placeIn(parts: readonly ScriptPart[], line: number): string {
  let left = line;
  for (const part of parts) {
    const lines = part.text.split("\n").length;
    if (left <= lines) return `${part.name}:${part.firstLine + left - 1}`;
    left -= lines;
  }
  return `${parts.at(-1)?.name ?? FILE}:1`;
}
