import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { parseDocument, rootOf } from "../../../../src/mediation/xml/dom.ts";
import { compileSimpleXPath } from "../../../../src/mediation/xml/simple-xpath.ts";
import { compileLibraryXPath, type XPathScope } from "../../../../src/mediation/xml/xpath.ts";

const NAMESPACES = new Map([
  ["p", "urn:p"],
  ["q", "urn:q"],
]);

const name = fc.constantFrom("a", "b", "p:a", "q:b");

const element: fc.Arbitrary<string> = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom("x", "y ", "<!--c-->", "<![CDATA[x]]>", ""),
    fc
      .tuple(name, fc.subarray(['k="x"', 'p:k="y"']), fc.array(tie("node"), { maxLength: 4 }))
      .map(
        ([tag, attributes, inner]) =>
          `<${[tag, ...attributes].join(" ")}>${inner.join("")}</${tag}>`,
      ),
  ),
})).node;

const step = fc
  .tuple(
    fc.constantFrom("/", "/", "//"),
    fc.constantFrom("a", "b", "p:a", "q:b", "*"),
    fc.constantFrom("", "", "[1]", "[2]"),
  )
  .map((parts) => parts.join(""));

const path = fc
  .tuple(
    fc.boolean(),
    fc.constantFrom("", "$body"),
    fc.array(step, { minLength: 1, maxLength: 4 }),
    fc.constantFrom("", "", "/text()", "/@k", "/@p:k"),
    fc.constantFrom("", "", "='x'", " != 'x'"),
  )
  .map(([isRelative, start, steps, last, comparison]) => {
    const text = `${steps.join("")}${last}`;
    const isPlain = isRelative && start === "" && !text.startsWith("//");
    return `${start}${isPlain ? text.slice(1) : text}${comparison}`;
  });

test("simple paths find what the library finds, in the same order", () => {
  let compared = 0;
  fc.assert(
    fc.property(fc.array(element, { maxLength: 5 }), path, (inner, source) => {
      const document = parseDocument(`<a xmlns:p="urn:p" xmlns:q="urn:q">${inner.join("")}</a>`);
      const node = rootOf(document);
      const scope: XPathScope = {
        node,
        variable: () => [node],
        property: () => "",
      };
      const quick = compileSimpleXPath(source, NAMESPACES, []);
      if (!quick) return;
      compared += 1;
      assert.deepEqual(
        quick(scope),
        compileLibraryXPath(source, NAMESPACES).evaluate(scope),
        source,
      );
    }),
    { numRuns: 1_000 },
  );
  assert.ok(compared > 800, `only ${compared} paths were simple`);
});

test("anything else is left to the library", () => {
  for (const source of [
    "count(//a)",
    "//a | //b",
    "a[b]",
    "//@k",
    "../a",
    "a and b",
    "x:a",
    "$ctx:a/b",
  ])
    assert.equal(compileSimpleXPath(source, NAMESPACES, ["ctx"]), undefined, source);
});

test("declarations of namespaces are no attributes", () => {
  const node = rootOf(parseDocument('<a xmlns:p="urn:p" k="x"/>'));
  const scope: XPathScope = { node, variable: () => undefined, property: () => "" };
  const found = compileSimpleXPath("/a/@*", NAMESPACES, [])?.(scope);
  assert.ok(typeof found === "object");
  assert.deepEqual(
    found.map((attribute) => attribute.nodeName),
    ["k"],
  );
});
