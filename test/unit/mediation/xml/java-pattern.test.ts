import assert from "node:assert/strict";
import { test } from "node:test";
import { javaPattern, replaceAllJava } from "../../../../src/mediation/xml/java-pattern.ts";

function matches(pattern: string, text: string): boolean {
  return javaPattern(pattern, "whole").test(text);
}

test("Java's syntax is understood", () => {
  assert.ok(matches("(?i)http.*", "HTTP://x"));
  assert.ok(matches("\\Qa.b\\E+", "a.bb"));
  assert.ok(matches("\\p{Alpha}+\\p{Digit}", "ab1"));
  assert.ok(matches("[\\p{Lower}_]+", "a_b"));
  assert.ok(matches("\\A\\p{L}+\\z", "äöü"));
  assert.ok(!matches("a", "ab"));
  assert.ok(!matches("\\P{Digit}", "1"));
});

test("a pattern whose repetitions multiply takes linear time, or is refused", () => {
  const text = `${"a".repeat(50_000)}b`;
  const start = performance.now();
  assert.equal(matches("(a+)+", text), false);
  assert.equal(matches(".*a.*a.*c", text), false);
  assert.ok(performance.now() - start < 2_000);
  assert.throws(() => javaPattern("(?=x)(a+)+", "whole"), /cannot be bounded/);
  assert.throws(() => javaPattern("(a|b{2,30})*c", "whole"), /cannot be bounded/);
});

test("one repetition that may begin anywhere takes linear time", () => {
  const text = "a".repeat(200_000);
  const start = performance.now();
  assert.equal(javaPattern("a*b", "part").test(text), false);
  assert.ok(performance.now() - start < 2_000);
});

test("repetitions in a row beside a back reference are stopped on long texts, and work on short ones", () => {
  const pattern = javaPattern(String.raw`(a*)(a*)(a*)(a*)\1c`, "whole");
  assert.equal(pattern.test("aac"), true);
  assert.throws(() => pattern.test("a".repeat(5_000)), /was stopped: it took longer than 1000 ms/);
  const all = javaPattern("(?<=x)a*b*", "all");
  assert.equal(replaceAllJava("xab".repeat(200), all, "-"), "x-".repeat(200));
});

test("what JavaScript does not have is named", () => {
  assert.throws(() => javaPattern("a++", "whole"), /possessive/);
  assert.throws(() => javaPattern("(?>a)", "whole"), /atomic/);
  assert.throws(() => javaPattern("[a-z&&[^b]]", "whole"), /intersection/);
  assert.throws(() => javaPattern("(", "whole"), SyntaxError);
});

test("replacements name groups with a dollar sign and escape with a backslash", () => {
  assert.equal(replaceAllJava("a1b2", javaPattern("([a-z])(\\d)", "all"), "$2$1\\$"), "1a$2b$");
});
