/** Finds elements with too many attributes before a parser that is slow with them sees the text. Used by xml.ts. */

/** Skipped whole: nothing inside them is a tag. */
const SKIPPED: readonly (readonly [open: string, close: string])[] = [
  ["<!--", "-->"],
  ["<![CDATA[", "]]>"],
  ["<?", "?>"],
];

/** The offset of the first start tag with more than `countMax` attributes in a well-formed text, or undefined. */
export function findCrowdedTag(source: string, countMax: number): number | undefined {
  let at = source.indexOf("<");
  while (at !== -1) {
    const skipped = SKIPPED.find(([open]) => source.startsWith(open, at));
    if (skipped) {
      at = source.indexOf(skipped[1], at + skipped[0].length);
    } else {
      const tag = readTag(source, at);
      if (tag.values > countMax) return at;
      at = tag.end;
    }
    at = at === -1 ? -1 : source.indexOf("<", at + 1);
  }
  return undefined;
}

/** Counts the quoted values of the tag that starts at the offset; `end` is where it closes. */
function readTag(source: string, start: number): { readonly values: number; readonly end: number } {
  let values = 0;
  for (let at = start; at < source.length; at += 1) {
    const character = source[at];
    if (character === ">") return { values, end: at };
    if (character !== '"' && character !== "'") continue;
    values += 1;
    const close = source.indexOf(character, at + 1);
    if (close === -1) break;
    at = close;
  }
  return { values, end: source.length };
}
