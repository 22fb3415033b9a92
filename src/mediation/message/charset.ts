/**
 * Bytes to text and back in the charset that a content type names, for builders and formatters. What a charset
 * cannot express is written as a character reference in XML, as Java's XML writers do, and as "?" elsewhere.
 */
import { MediationFault } from "../mediation-fault.ts";

const DECLARED_ENCODING = /^<\?xml[^>]*\sencoding\s*=\s*["']([\w.:-]+)["']/;
const LATIN1 = new Set(["iso-8859-1", "iso8859-1", "iso_8859-1", "latin1"]);
const ASCII = new Set(["us-ascii", "ascii"]);

/** The name of the charset of a body without a charset parameter: its mark, its XML declaration, else UTF-8. */
function detect(bytes: Buffer): string {
  const [first, second] = bytes;
  if (first === 0xfe && second === 0xff) return "utf-16be";
  if (first === 0xff && second === 0xfe) return "utf-16le";
  // "<" in two bytes: UTF-16 without a mark.
  if (first === 0x00 && second === 0x3c) return "utf-16be";
  if (first === 0x3c && second === 0x00) return "utf-16le";
  return DECLARED_ENCODING.exec(bytes.toString("latin1", 0, 200))?.[1]?.toLowerCase() ?? "utf-8";
}

/**
 * The text of a body.
 * @param charset of the content type; undefined: what the bytes say themselves, else UTF-8.
 * @throws MediationFault when the charset is unknown or the bytes are no text in it.
 */
export function decodeText(bytes: Buffer, charset: string | undefined): string {
  let name = charset ?? detect(bytes);
  if (LATIN1.has(name)) return bytes.toString("latin1");
  // Without a mark big-endian is meant (RFC 2781 4.3), but little-endian is what is sent: the bytes decide.
  if (name === "utf-16") name = detect(bytes) === "utf-16le" ? "utf-16le" : "utf-16be";
  try {
    return new TextDecoder(name, { fatal: true }).decode(bytes);
  } catch (error) {
    throw new MediationFault(
      `Error while building message. The body is not text in charset ${name}`,
      { cause: error },
    );
  }
}

/** Whether `encodeText` can write in that charset. */
export function isWritable(charset: string): boolean {
  return charset.startsWith("utf-8") || charset.startsWith("utf-16") || isNarrow(charset);
}

function isNarrow(charset: string): boolean {
  return LATIN1.has(charset) || ASCII.has(charset);
}

/** The bytes of a text; a charset that is not `isWritable` gives UTF-8. `isXml`: references may be used. */
export function encodeText(text: string, charset: string | undefined, isXml: boolean): Buffer {
  if (charset === undefined) return Buffer.from(text, "utf8");
  if (charset === "utf-16le") return Buffer.from(text, "utf16le");
  if (charset === "utf-16be") return Buffer.from(text, "utf16le").swap16();
  if (charset === "utf-16") return Buffer.from(`\ufeff${text}`, "utf16le").swap16();
  if (!isNarrow(charset)) return Buffer.from(text, "utf8");
  const beyond = ASCII.has(charset) ? /[^\0-\x7f]/gu : /[^\0-\xff]/gu;
  const narrow = text.replaceAll(beyond, (sign) => (isXml ? `&#${sign.codePointAt(0)};` : "?"));
  return Buffer.from(narrow, "latin1");
}
