/**
 * Requests and their variables are handled as strings of bytes: one character a byte, as Node's parser hands
 * them over. Text of the configuration is turned into the same form before the two meet, so that
 * "é" in a location or a header value is what a client sends and gets as UTF-8.
 */

/** Text → its UTF-8 bytes, one character each. */
export function toByteString(text: string): string {
  return isAscii(text) ? text : Buffer.from(text, "utf8").toString("latin1");
}

/** Bytes → text; what is not UTF-8 becomes U+FFFD. */
export function fromByteString(bytes: string): string {
  return isAscii(bytes) ? bytes : Buffer.from(bytes, "latin1").toString("utf8");
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return false;
  return true;
}
