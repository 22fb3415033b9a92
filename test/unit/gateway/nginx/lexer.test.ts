import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError } from "../../../../src/errors/config-error.ts";
import { Lexer, type Token, WORD_LENGTH_MAX } from "../../../../src/gateway/nginx/lexer.ts";

function tokensOf(text: string): readonly Token[] {
  const lexer = new Lexer(text, "f");
  const tokens: Token[] = [];
  for (let token = lexer.next(); token.kind !== "end"; token = lexer.next()) tokens.push(token);
  return tokens;
}

function wordsOf(text: string): readonly string[] {
  return tokensOf(text).map((token) => (token.kind === "word" ? token.text : token.kind));
}

const CASES: readonly (readonly [behaviour: string, text: string, words: readonly string[]])[] = [
  ["splits at spaces, ; and braces", "a b;c{d e;}", ["a", "b", ";", "c", "{", "d", "e", ";", "}"]],
  ["keeps spaces in quotes", `a "b c" 'd;{}';`, ["a", "b c", "d;{}", ";"]],
  [
    "skips comments, but only at the start of a word",
    "a#b c; # d;\ne;",
    ["a#b", "c", ";", "e", ";"],
  ],
  [
    "replaces six escapes and keeps the others",
    String.raw`a "\"\'\\\t\r\n\d";`,
    ["a", "\"'\\\t\r\n\\d", ";"],
  ],
  ["takes an escaped space or ; into a bare word", String.raw`a b\ c\;d;`, ["a", "b\\ c\\;d", ";"]],
  ["keeps } inside a bare word", "a b}c;", ["a", "b}c", ";"]],
  ["reads an empty quoted word", "a '';", ["a", "", ";"]],
];

for (const [behaviour, text, words] of CASES) {
  test(behaviour, () => assert.deepEqual(wordsOf(text), words));
}

test("takes ${name} into a bare word and ends it at any other brace", () => {
  assert.deepEqual(wordsOf("a ${b}c;"), ["a", "${b}c", ";"]);
  assert.deepEqual(wordsOf("a b{c;}"), ["a", "b", "{", "c", ";", "}"]);
});

test("tells quoted words and the line of each token", () => {
  assert.deepEqual(tokensOf("a\n'b\nc'\n;"), [
    { kind: "word", text: "a", quoted: false, line: 1 },
    { kind: "word", text: "b\nc", quoted: true, line: 3 },
    { kind: ";", line: 4 },
  ]);
});

const FAULTS: readonly (readonly [text: string, sentence: string, line: number])[] = [
  [";", 'unexpected ";"', 1],
  ["\n{", 'unexpected "{"', 2],
  ["a }", 'unexpected "}"', 1],
  ["a\n'b'c;", 'unexpected "c"', 2],
  ["a b\n", 'unexpected end of file, expecting ";" or "}"', 2],
  ["a 'b\n", 'unexpected end of file, expecting ";" or "}"', 2],
  [
    `a "${"x".repeat(WORD_LENGTH_MAX + 1)}`,
    'too long parameter, probably missing terminating """ character',
    1,
  ],
  [`a ${"x".repeat(WORD_LENGTH_MAX + 1)};`, 'too long parameter "xxxxxxxxxx..." started', 1],
];

for (const [text, message, line] of FAULTS) {
  test(`refuses ${JSON.stringify(text.slice(0, 12))} with nginx's sentence and line`, () => {
    assert.throws(
      () => tokensOf(text),
      (error: unknown) => {
        assert.ok(error instanceof ConfigError);
        assert.deepEqual(error.problems, [{ file: "f", line, severity: "error", message }]);
        return true;
      },
    );
  });
}
