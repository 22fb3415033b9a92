/**
 * Regular expressions of configurations (PCRE) as JavaScript's. The common part of both languages works
 * unchanged; `(?P<name>` and a leading `(?i)` are rewritten; what JavaScript cannot read is refused
 * with the sentence that nginx has for its own compiler.
 */
import { messageOf } from "../../errors/app-error.ts";
import { toByteString } from "../byte-string.ts";
import { DirectiveFault } from "./directive-fault.ts";

/** Names of the named groups, in order of appearance. */
export function groupNamesOf(regex: RegExp): readonly string[] {
  return [...regex.source.matchAll(/\(\?<([A-Za-z]\w*)>/g)].map(([, name = ""]) => name);
}

/** What JavaScript would read as something else than PCRE does: letters after a backslash, POSIX classes. */
const MISREAD = /\\[aeghzACEGHKNQRVXZ]|\[\[:/;

/** The text of "\Q...\E" as an expression. */
function quote(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, (char) => (char === "-" ? char : `\\${char}`));
}

/** Matches strings of bytes. @throws DirectiveFault when the expression cannot be compiled. */
export function compileRegex(pattern: string, caseless: boolean): RegExp {
  const inline = pattern.startsWith("(?i)");
  const plain = (inline ? pattern.slice(4) : pattern).replaceAll("(?P<", "(?<");
  const source = toByteString(
    plain.replace(/\\Q(.*?)(?:\\E|$)/gs, (_, text: string) => quote(text)),
  );
  const misread = MISREAD.exec(source.replaceAll("\\\\", ""))?.[0];
  if (misread !== undefined) {
    throw new DirectiveFault(
      `regular expression failed: "${misread}" is not supported in "${pattern}"`,
    );
  }
  try {
    // Only then are Unicode's classes known.
    const unicode = /\\[pP]\{/.test(source) ? "u" : "";
    return new RegExp(source, (caseless || inline ? "i" : "") + unicode);
  } catch (error) {
    throw new DirectiveFault(`regular expression failed: ${messageOf(error)} in "${pattern}"`);
  }
}
