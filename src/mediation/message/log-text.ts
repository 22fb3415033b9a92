/** Text that comes from messages, made harmless for a log of lines: it can neither start a record nor steer a terminal. */

/** Indents further lines and escapes control characters. */
export function logText(text: string): string {
  return (
    text
      .replace(/\r?\n|[\u2028\u2029]/g, "\n  ")
      // eslint-disable-next-line no-control-regex
      .replace(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/g, escapeCharacter)
  );
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
