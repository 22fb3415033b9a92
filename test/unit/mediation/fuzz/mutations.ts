/**
 * Seeded mutations of texts for the fuzz tests: the same seed makes the same texts, and a failure prints its own. Knows
 * XML and JSON only so far that many mutants are still well-formed, which is where readers are reached.
 */

/** Numbers from 0 up to 1, the same for the same seed (mulberry32). */
export type Random = () => number;

export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Values that readers and builders stumble over. */
const WORDS: readonly string[] = [
  "",
  " ",
  "-1",
  "0",
  "1e999",
  "99999999999999999999",
  "true",
  "null",
  "{//*}",
  "{get-property('x')}",
  "//*[position() > last()]",
  "count((((((//*))))))",
  "$ctx:a/b[$trp:c]",
  "json-eval($..*)",
  "$.a[?(@.b == 1)]",
  "(a+)+$",
  "[",
  "](.*",
  "*",
  "../../..",
  "file:/etc/passwd",
  "http://[::1",
  "conf:/",
  "\u0000",
  "\uFFFE",
  "é😀",
  "&#0;",
  "&lt;&amp;",
  "]]>",
  "<!--",
  "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]>",
  "<?xml version='1.1'?>",
  "__proto__",
  "constructor",
  "a".repeat(5_000),
  "<x>".repeat(300),
  '{"a":'.repeat(300),
];

type Mutation = (text: string, random: Random, other: string) => string;

const MUTATIONS: readonly Mutation[] = [
  // A stretch is left out, doubled, or moved.
  (text, random) => withStretch(text, random, () => ""),
  (text, random) => withStretch(text, random, (part) => part + part),
  (text, random, other) => withStretch(text, random, () => stretchOf(other, random)),
  // An element, with what it holds, is left out, doubled, or put into another text.
  (text, random) => withElement(text, random, () => ""),
  (text, random) => withElement(text, random, (part) => part.repeat(3)),
  (text, random, other) => withElement(text, random, () => elementOf(other, random)),
  (text, random) => withElement(text, random, (part) => `<sequence>${part}</sequence>`),
  // An attribute, a text or a JSON value gets another value; an attribute is left out; a name changes.
  (text, random) => replaceOne(text, random, /="[^"]*"/g, () => `="${escaped(wordOf(random))}"`),
  (text, random) => replaceOne(text, random, />[^<]+</g, () => `>${escaped(wordOf(random))}<`),
  (text, random) => replaceOne(text, random, /:\s*"[^"]*"/g, () => `:${wordOf(random)}`),
  (text, random) => replaceOne(text, random, /\s[\w:.-]+="[^"]*"/g, () => ""),
  (text, random) => replaceOne(text, random, /\s[\w.-]+="/g, (part) => `${part.slice(0, -2)}x="`),
  (text, random) => replaceOne(text, random, /<\w+/g, (part) => `${part}x`),
  // Single characters and raw words.
  (text, random) => {
    const at = Math.floor(random() * text.length);
    return text.slice(0, at) + String.fromCharCode(random() * 256) + text.slice(at + 1);
  },
  (text, random) => {
    const at = Math.floor(random() * (text.length + 1));
    return text.slice(0, at) + wordOf(random) + text.slice(at);
  },
];

/** One to three mutations of a text; `other` lends its parts. */
export function mutate(text: string, random: Random, other: string): string {
  let mutant = text;
  const rounds = 1 + Math.floor(random() * 3);
  for (let round = 0; round < rounds; round += 1)
    mutant = pick(MUTATIONS, random)?.(mutant, random, other) ?? mutant;
  return mutant;
}

export function pick<T>(items: readonly T[], random: Random): T | undefined {
  return items[Math.floor(random() * items.length)];
}

function wordOf(random: Random): string {
  return pick(WORDS, random) ?? "";
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}

function stretchOf(text: string, random: Random): string {
  const start = Math.floor(random() * text.length);
  return text.slice(start, start + Math.floor(random() * 60));
}

function withStretch(text: string, random: Random, change: (part: string) => string): string {
  const part = stretchOf(text, random);
  const at = text.indexOf(part);
  return text.slice(0, at) + change(part) + text.slice(at + part.length);
}

/** An element without children of the same name: near enough for mutants. */
const ELEMENT = /<(\w+)(?:\s[^<>]*)?(?:\/>|>(?:(?!<\1[\s>/])[\s\S])*?<\/\1>)/g;

function elementOf(text: string, random: Random): string {
  return pick([...text.matchAll(ELEMENT)], random)?.[0] ?? "";
}

function withElement(text: string, random: Random, change: (part: string) => string): string {
  return replaceOne(text, random, ELEMENT, change);
}

function replaceOne(
  text: string,
  random: Random,
  pattern: RegExp,
  change: (part: string) => string,
): string {
  const found = pick([...text.matchAll(pattern)], random);
  if (!found) return text;
  const [part] = found;
  return text.slice(0, found.index) + change(part) + text.slice(found.index + part.length);
}
