import assert from "node:assert/strict";
import { test } from "node:test";
import { translateScript } from "../../../../src/mediation/script/e4x-translator.ts";
import { ScriptSyntaxError } from "../../../../src/mediation/script/script-scanner.ts";

function translated(text: string): string {
  return translateScript(text).source;
}

test("plain JavaScript stays as it is", () => {
  const plain = [
    "var a = 1 < 2 && b > c; // <a/>",
    "/* <a> */ var s = '<a/>' + \"..x\" + /<b>[/]x/.test(s);",
    "var o = { a: [1, 2], b: function (x) { return x / 2 / 3; } };",
    "if (a < b) { c = `t${o.a[0] < 1}`; }",
    "for (var i = 0; i < 3; i++) x = i--> 1;",
    "f(...list); a?.b?.[0]; 1.5.toFixed(1); .5 + 1e3",
    "if (x) /re/.test(y);",
    "1 << 2 <= 3; a <<= 1; b >>> 2 >= c",
  ];
  for (const text of plain) assert.equal(translated(text), text);
});

test("members of E4X become keys of the runtime", () => {
  assert.equal(translated("x..*::Code"), 'x.$descendants("*::" + "Code")');
  assert.equal(translated("x..name"), 'x.$descendants("name")');
  assert.equal(translated("x.@id"), 'x["@id"]');
  assert.equal(translated("x.@*"), 'x["@*"]');
  assert.equal(translated("x..@id"), 'x.$descendants("@id")');
  assert.equal(translated("x.*"), 'x["*"]');
  assert.equal(translated("x.*::a"), 'x["*::" + "a"]');
  assert.equal(translated("x.ns::a"), 'x["" + $x.key(ns, "a")]');
  assert.equal(translated("x.@[n]"), "x[$x.attributeKey(n)]");
});

test("a filter looks at children before variables", () => {
  assert.equal(
    translated("x.item.(@id == 2)"),
    'x.item.$filter(function () { with (this) { return (this["@id"] == 2); } })',
  );
});

test("XML literals become text with escaped expressions", () => {
  assert.equal(
    translated("f(<a b={c} d='1'>{x}<e/></a>)"),
    `f($x.literal("<a b=\\"" + $x.attribute(c) + "\\" d='1'>" + $x.content(x) + "<e/></a>"))`,
  );
  assert.equal(translated("var l = <></>;"), 'var l = $x.list("");');
  assert.equal(
    translated("<{n}>1</{n}>"),
    '$x.literal("<" + $x.name(n) + ">1</" + $x.name(n) + ">")',
  );
  assert.equal(translated("l += <a/>"), 'l = $x.add(l, $x.literal("<a/>"))');
});

test("for each walks values", () => {
  assert.equal(
    translated("for each (var i in x..a) f(i)"),
    'for (var i of $x.each( x.$descendants("a"))) f(i)',
  );
});

test("line breaks stay where they are", () => {
  const text = "var a =\n <a>\n <b>{\n1}</b>\n</a>;\nthrow a;";
  assert.equal(translated(text).split("\n").length, text.split("\n").length);
  assert.ok(translated(text).split("\n")[5]?.startsWith("throw"));
});

const FAULTS: readonly (readonly [string, number, RegExp])[] = [
  ["var a = 1;\nvar b = <a>", 2, /XML literal is not closed/],
  ["f(1", 1, /"\)" is missing/],
  ["\n\n}", 3, /no opening bracket/],
  ["'abc", 1, /string is not closed/],
  ["a + <b/>", 1, /cannot be joined with \+/],
  ["for each (x) y", 1, /needs "in"/],
  ["(".repeat(300), 1, /nested deeper/],
  ["<a>{".repeat(5_000), 1, /nested deeper/],
];

test("what cannot be read is refused with its line", () => {
  for (const [text, line, message] of FAULTS)
    assert.throws(
      () => translateScript(text),
      (error: unknown) =>
        error instanceof ScriptSyntaxError && error.line === line && message.test(error.message),
      text.slice(0, 40),
    );
});

test("finds what reaches Java, but not variables of that name", () => {
  const names = (text: string): readonly string[] =>
    translateScript(text).javaReferences.map(({ name }) => name);
  assert.deepEqual(names("importPackage(java.util);\nnew java.util.Date()"), [
    "importPackage",
    "java.util",
    "java.util",
  ]);
  assert.deepEqual(names("var l = Java.type('x'); load('a.js')"), ["Java", "load"]);
  assert.deepEqual(names("var org = {}; org.name = 1; function load(x) {} load(1); x.java.y"), []);
});
