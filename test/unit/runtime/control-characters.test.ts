import assert from "node:assert/strict";
import { test } from "node:test";
import {
  hasControlCharacter,
  replaceControlCharacters,
} from "../../../src/runtime/control-characters.ts";

test("finds C0, DEL, C1 and the separators of lines and paragraphs, and nothing else", () => {
  for (const code of [0x00, 0x09, 0x0a, 0x1f, 0x7f, 0x85, 0x9f, 0x2028, 0x2029]) {
    assert.ok(hasControlCharacter(`a${String.fromCodePoint(code)}b`), code.toString(16));
  }
  assert.equal(hasControlCharacter("Straße, 東京 – plain text\u00a0~"), false);
});

test("puts one replacement in the place of each run", () => {
  assert.equal(replaceControlCharacters("a\r\n\tb\u0000c", " "), "a b c");
});
