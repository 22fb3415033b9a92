/**
 * Control characters in texts that came from outside: they could forge lines in logs or commits, or hide in names. Control
 * means Unicode's category Cc and the line and paragraph separators U+2028 and U+2029.
 */

const ONE = /[\p{Cc}\u2028\u2029]/u;
const RUNS = /[\p{Cc}\u2028\u2029]+/gu;

export function hasControlCharacter(text: string): boolean {
  return ONE.test(text);
}

/** Puts `by` in the place of each run of control characters, line breaks among them. */
export function replaceControlCharacters(text: string, by: string): string {
  return text.replaceAll(RUNS, by);
}
