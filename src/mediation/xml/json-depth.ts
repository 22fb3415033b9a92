/**
 * How deep a JSON text is nested, found without parsing it: everything that walks a parsed value or its
 * virtual XML is recursive, so the depth is checked before.
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** The most brackets and braces that are open at once, strings left out. Says nothing about validity. */
export function jsonDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  let isString = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (isString) {
      if (code === BACKSLASH) at += 1;
      else if (code === QUOTE) isString = false;
      continue;
    }
    if (code === QUOTE) isString = true;
    // "[" 0x5b and "{" 0x7b differ from their closing partners by two.
    else if (code === 0x5b || code === 0x7b) deepest = Math.max(deepest, (depth += 1));
    else if (code === 0x5d || code === 0x7d) depth -= 1;
  }
  return deepest;
}
