import assert from "node:assert/strict";
import { test } from "node:test";
import {
  compileJsonPath,
  jsonPathText,
  type JsonValue,
} from "../../../../src/mediation/xml/json-path.ts";

const STORE = {
  book: [
    { title: "A", price: 5, tags: ["x"] },
    { title: "B", price: 15, isbn: "1" },
    { title: "C", price: 25, tags: [] },
  ],
  "odd name": { title: "D" },
};

function hits(path: string): string {
  const compiled = compileJsonPath(path);
  return jsonPathText({ hits: compiled.select(STORE), isDefinite: compiled.isDefinite });
}

test("names, indexes, slices and lists of both; a path that may have several hits yields an array", () => {
  assert.equal(hits("$.book[0].title"), "A");
  assert.equal(hits("$['odd name'].title"), "D");
  assert.equal(hits("$.book[-1].title"), "C");
  assert.equal(hits("$.book[0,2].title"), '["A","C"]');
  assert.equal(hits("$.book[1:].title"), '["B","C"]');
  assert.equal(hits("$.book[:-1].price"), "[5,15]");
  assert.equal(hits("$.book[0]['title','price']"), '["A",5]');
});

test("recursive descent finds names and members at any depth", () => {
  assert.equal(hits("$..title"), '["A","B","C","D"]');
  assert.equal(hits("$..book[1].price"), "[15]");
  assert.equal(hits("$..[?(@.isbn)].title"), '["B"]');
});

test("filters compare, match, and combine", () => {
  assert.equal(hits("$.book[?(@.price < 20)].title"), '["A","B"]');
  assert.equal(hits("$.book[?(@.price > 10 && @.title != 'C')].title"), '["B"]');
  assert.equal(hits("$.book[?(@.title == 'A' || !(@.tags))].title"), '["A","B"]');
  assert.equal(hits("$.book[?(@.title =~ /a|c/i)].title"), '["A","C"]');
  assert.equal(hits("$.book[?(@.title in ['A','C'])].price"), "[5,25]");
  assert.equal(hits("$.book[?(@.tags contains 'x')].title"), '["A"]');
});

test("functions answer about the value before them", () => {
  assert.equal(hits("$.book.length()"), "3");
  assert.equal(hits("$..price.max()"), "[]");
  assert.equal(hits("$.book[*].tags.length()"), "[1,0]");
});

test("an evaluation that visits too many values is a fault, a faulty path a syntax error", () => {
  let deep: JsonValue = 0;
  for (let depth = 0; depth < 400; depth += 1) deep = [deep];
  assert.throws(() => compileJsonPath("$..*..*..*").select(deep), /more than/);
  assert.throws(() => compileJsonPath("$.a[?(@.b <)]"), SyntaxError);
  assert.throws(() => compileJsonPath("$.a b"), SyntaxError);
});
