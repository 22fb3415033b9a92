/** Writes single characters of a text as two hexadecimal digits: `%0A` in paths, `\x0A` in logs, `\0A` in names of certificates. */

/** `isUnsafe` gets the code of each character; `mark` stands before the digits. */
export function escapeChars(
  text: string,
  mark: "%" | "\\x" | "\\",
  isUnsafe: (code: number) => boolean,
): string {
  let escaped = "";
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const digits = code.toString(16).toUpperCase().padStart(2, "0");
    escaped += isUnsafe(code) ? mark + digits : text.charAt(at);
  }
  return escaped;
}

/** true for the codes below space and for DEL. */
export function isControl(code: number): boolean {
  return code < 0x20 || code === 0x7f;
}
