/**
 * Which scripts need nobody who ends them from outside (`timed-call.ts`), because QuickJS looks at the clock often enough: those
 * without a loop, without a function that could call itself and without a built-in function whose single call may take long. QuickJS looks once in 10,000
 * steps, and `indexOf` in some megabytes is one step. Most scripts of artifacts are of this kind.
 */

const LOOPS = /\b(?:for|while|do)\b|=>/;
/** Functions over whole texts and arrays, and ways to reach them by another name. */
const SLOW =
  /\b(?:indexOf|lastIndexOf|includes|sort|toSorted|split|join|concat|repeat|padStart|padEnd|fill|reverse|toReversed|splice|toSpliced|normalize|replace|replaceAll|match|matchAll|search|test|exec|map|filter|reduce|reduceRight|forEach|some|every|find\w*|flat\w*|from|keys|values|entries|assign|JSON|BigInt|RegExp|Reflect|Proxy|Function|constructor|arguments|callee|encodeURI\w*|decodeURI\w*|escape|unescape)\b|\.\.\.|\d+n\b/;
/** A member by a computed name. */
const COMPUTED = /\[\s*[^\s\d"'\]]/;

const KNOWN = new Map<string, boolean>();
const KNOWN_MAX = 200;

/** @param source a program's text, comments and literals included: a word in one of them costs a little time only. */
export function isQuickScript(source: string): boolean {
  const known = KNOWN.get(source);
  if (known !== undefined) return known;
  const isQuick =
    !LOOPS.test(source) && !SLOW.test(source) && !COMPUTED.test(source) && !mayRecur(source);
  if (KNOWN.size >= KNOWN_MAX) KNOWN.clear();
  KNOWN.set(source, isQuick);
  return isQuick;
}

/** The program's own function, and the one of a script with a key: nothing else that could be called again. */
function mayRecur(source: string): boolean {
  const functions = (source.match(/\bfunction\b/g) ?? []).length;
  const name = /return ([A-Za-z_]\w*)\(mc\); \}\)$/.exec(source)?.[1];
  if (name === undefined) return functions > 1;
  const mentions = source.match(new RegExp(`\\b${name}\\b`, "g")) ?? [];
  return functions > FUNCTIONS_WITH_KEY || mentions.length > MENTIONS_WITH_KEY;
}

/** The word stands twice and once in a text, in what `functionProgram` writes around the function of a script. */
const FUNCTIONS_WITH_KEY = 3;
/** Declared, looked for, named in the error and called. */
const MENTIONS_WITH_KEY = 4;
