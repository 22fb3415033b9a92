/**
 * The characters of XML 1.0, fifth edition (productions 2, 4 and 4a): which may stand in a document, which in a name.
 * ASCII is looked up in one table of bits, since these run for every character of a message.
 */

const NAME_START = 1;
const NAME = 2;
const PLAIN_TEXT = 4;
const PLAIN_VALUE = 8;
const ALLOWED = 16;

const ASCII = asciiTable();

function asciiTable(): Uint8Array {
  const table = new Uint8Array(128);
  for (let code = 0; code < 128; code += 1) {
    const sign = String.fromCharCode(code);
    const allowed = code >= 0x20 || /[\t\n\r]/.test(sign);
    let bits = allowed ? ALLOWED : 0;
    if (/[A-Za-z_:]/.test(sign)) bits |= NAME_START;
    if (/[A-Za-z_:\d.-]/.test(sign)) bits |= NAME;
    if (allowed && !/[<&\]\r]/.test(sign)) bits |= PLAIN_TEXT;
    if (code >= 0x20 && !/[<&"']/.test(sign)) bits |= PLAIN_VALUE;
    table[code] = bits;
  }
  return table;
}

/** First and last code points behind ASCII, in pairs. */
const NAME_START_RANGES = [
  0xc0, 0xd6, 0xd8, 0xf6, 0xf8, 0x2ff, 0x370, 0x37d, 0x37f, 0x1fff, 0x200c, 0x200d, 0x2070, 0x218f,
  0x2c00, 0x2fef, 0x3001, 0xd7ff, 0xf900, 0xfdcf, 0xfdf0, 0xfffd, 0x10000, 0xeffff,
];
const NAME_RANGES = [...NAME_START_RANGES, 0xb7, 0xb7, 0x300, 0x36f, 0x203f, 0x2040];

function isWithin(ranges: readonly number[], code: number): boolean {
  for (let index = 0; index < ranges.length; index += 2)
    if (code >= (ranges[index] ?? 0) && code <= (ranges[index + 1] ?? 0)) return true;
  return false;
}

/** Whether a code point may stand in a document, as itself or as a reference (Char). */
export function isAllowed(code: number): boolean {
  if (code < 128) return ((ASCII[code] ?? 0) & ALLOWED) !== 0;
  return (
    code < 0xd800 || (code >= 0xe000 && code <= 0x10ffff && code !== 0xfffe && code !== 0xffff)
  );
}

/** Whether a Name can begin at `at`. */
export function nameStartsAt(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  if (code < 128) return ((ASCII[code] ?? 0) & NAME_START) !== 0;
  return isWithin(NAME_START_RANGES, text.codePointAt(at) ?? 0);
}

/** Where the Name that begins at `from` ends; `from` itself when none does. */
export function nameEnd(text: string, from: number): number {
  if (!nameStartsAt(text, from)) return from;
  let at = from;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code < 128) {
      if (((ASCII[code] ?? 0) & NAME) === 0) break;
      at += 1;
      continue;
    }
    const point = text.codePointAt(at) ?? 0;
    if (!isWithin(NAME_RANGES, point)) break;
    at += point > 0xffff ? 2 : 1;
  }
  return at;
}

/** The first place from `from` on that is not plain character data: markup, "]", or anything not allowed. */
export function plainTextEnd(text: string, from: number): number {
  return plainEnd(text, from, PLAIN_TEXT);
}

/** The same for the value of an attribute: quotes, white space but blanks, "<", "&", or anything not allowed. */
export function plainValueEnd(text: string, from: number): number {
  return plainEnd(text, from, PLAIN_VALUE);
}

/** The first character from `from` on that XML does not allow; `end` when there is none. */
export function allowedEnd(text: string, from: number, end: number): number {
  let at = from;
  while (at < end) {
    const next = plainEnd(text, at, ALLOWED);
    if (next < end) return next;
    at = next;
  }
  return end;
}

function plainEnd(text: string, from: number, bit: number): number {
  const { length } = text;
  let at = from;
  while (at < length) {
    const code = text.charCodeAt(at);
    if (code < 128) {
      if (((ASCII[code] ?? 0) & bit) === 0) break;
      at += 1;
    } else if (code < 0xd800 || (code > 0xdfff && code < 0xfffe)) at += 1;
    else if (isAllowed(text.codePointAt(at) ?? 0)) at += 2;
    else break;
  }
  return at;
}
