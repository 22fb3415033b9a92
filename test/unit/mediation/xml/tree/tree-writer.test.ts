import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { readDocument } from "../../../../../src/mediation/xml/tree/document-parser.ts";
import { treeText } from "../../../../../src/mediation/xml/tree/tree-writer.ts";
import { XmlDocument } from "../../../../../src/mediation/xml/tree/xml-document.ts";
import { XmlElementNode } from "../../../../../src/mediation/xml/tree/xml-element-node.ts";
import type { XmlNode } from "../../../../../src/mediation/xml/tree/xml-node.ts";

const BOUNDS = { depthMax: 500, tagsMax: 10_000, attributesMax: 100 };

function read(text: string): XmlDocument {
  return readDocument(text, BOUNDS);
}

/** The root, which a test has put there. */
function rootOf(document: XmlDocument): XmlElementNode {
  const root = document.documentElement;
  assert.ok(root);
  return root;
}

type Shape = string | readonly [name: string, attributes: readonly string[], inner: Shape[]];

/** What a tree says, whatever its prefixes and its division into texts and CDATA sections are. */
function shapeOf(node: XmlElementNode): Shape {
  const inner: Shape[] = [];
  for (const child of node.childNodes) {
    const last = inner.at(-1);
    if (child instanceof XmlElementNode) inner.push(shapeOf(child));
    else if (child.nodeType !== 3 && child.nodeType !== 4)
      inner.push([`#${child.nodeType} ${child.nodeName}`, [], [child.nodeValue ?? ""]]);
    else if (typeof last === "string") inner[inner.length - 1] = last + (child.nodeValue ?? "");
    else if (child.nodeValue) inner.push(child.nodeValue);
  }
  const attributes = [...node.attributes]
    .filter(({ namespaceURI }) => namespaceURI !== "http://www.w3.org/2000/xmlns/")
    .map((item) => `{${item.namespaceURI ?? ""}}${item.localName ?? ""}=${item.value}`);
  return [`{${node.namespaceURI ?? ""}}${node.localName ?? ""}`, attributes, inner];
}

const namespaced = fc.tuple(
  fc.constantFrom(null, "u", "v", "http://x/?a=1&b=<2>"),
  fc.constantFrom("", "p:", "q:", "ns1:"),
  fc.constantFrom("a", "b", "\u00E9", "c-1"),
);
const anyText = fc
  .string({ unit: "binary", maxLength: 6 })
  .map((text) =>
    text.replaceAll(/[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "&<>]]>"),
  );
/** Where a carriage return cannot be written as a reference. */
const plainText = anyText.map((text) => text.replaceAll(/[\r?-]/g, "x").trimStart());

type Build = (document: XmlDocument) => XmlNode;
type Name = readonly [namespace: string | null, prefix: string, local: string];

function nameOf([namespace, prefix, local]: Name): string {
  return namespace === null ? local : prefix + local;
}

const build: fc.Arbitrary<Build> = fc.letrec<{ element: Build; leaf: Build; node: Build }>(
  (tie) => ({
    leaf: fc.oneof(
      anyText.map(
        (text): Build =>
          (document) =>
            document.createTextNode(text),
      ),
      plainText.map(
        (text): Build =>
          (document) =>
            document.createCDATASection(text),
      ),
      plainText.map(
        (text): Build =>
          (document) =>
            document.createComment(text),
      ),
      plainText.map(
        (text): Build =>
          (document) =>
            document.createProcessingInstruction("t", text),
      ),
    ),
    node: fc.oneof({ depthSize: "small" }, tie("leaf"), tie("element")),
    element: fc
      .tuple(
        namespaced,
        fc.array(fc.tuple(namespaced, anyText), { maxLength: 3 }),
        fc.option(
          fc.constantFrom(["xmlns", "u"], ["xmlns", "v"], ["xmlns:p", "u"], ["xmlns:q", "w"]),
        ),
        fc.array(tie("node"), { maxLength: 4 }),
      )
      .map(([name, attributes, declaration, inner]): Build => (document) => {
        const element = document.createElementNS(name[0], nameOf(name));
        if (declaration) element.setAttribute(declaration[0] ?? "", declaration[1] ?? "");
        for (const [key, value] of attributes) element.setAttributeNS(key[0], nameOf(key), value);
        for (const child of inner) element.appendChild(child(document));
        return element;
      }),
  }),
).element;

test("the text of any tree reads as that tree, and as its copy", () => {
  fc.assert(
    fc.property(build, (make) => {
      const document = new XmlDocument();
      document.appendChild(make(document));
      const root = rootOf(document);
      const text = treeText(root);
      assert.deepEqual(shapeOf(rootOf(read(text))), shapeOf(root), text);
      const copy = new XmlDocument();
      copy.appendChild(copy.importNode(root, true));
      assert.equal(treeText(copy), text);
      assert.equal(rootOf(copy).lastChild?.ownerDocument ?? copy, copy);
    }),
    { numRuns: 1_000 },
  );
});

test("every part of a tree can stand alone", () => {
  fc.assert(
    fc.property(build, (make) => {
      const document = new XmlDocument();
      document.appendChild(make(document));
      const source = read(treeText(document));
      for (const namespace of ["", "u", "v"])
        for (const element of source.getElementsByTagNameNS(namespace, "a"))
          assert.deepEqual(shapeOf(rootOf(read(treeText(element)))), shapeOf(element));
    }),
    { numRuns: 300 },
  );
});

test("namespaces are declared where they are missing, and only there", () => {
  const document = read("<e:a xmlns:e='u' xmlns='v'><b e:c='1'><d/></b></e:a>");
  const [b] = document.getElementsByTagNameNS("v", "b");
  assert.ok(b);
  assert.equal(treeText(b), '<b xmlns:e="u" e:c="1" xmlns="v"><d/></b>');
  b.appendChild(document.createElementNS(null, "x"));
  b.appendChild(document.createElementNS("u", "y"));
  b.appendChild(document.createElementNS("w", "e:z"));
  assert.equal(
    treeText(document),
    '<e:a xmlns:e="u" xmlns="v"><b e:c="1"><d/><x xmlns=""/><e:y/><e:z xmlns:e="w"/></b></e:a>',
  );
});

test("what would be read as something else is written as a reference", () => {
  const document = read('<a b="&lt;&#9;&#10;&#13;&quot;&amp;">&lt;&gt;&amp;&#13;"</a>');
  assert.equal(treeText(document), '<a b="&lt;&#9;&#10;&#13;&quot;&amp;">&lt;&gt;&amp;&#13;"</a>');
  rootOf(document).appendChild(document.createCDATASection("]]>"));
  assert.match(treeText(document), /<!\[CDATA\[\]\]\]\]><!\[CDATA\[>\]\]><\/a>$/);
});

test("a tree may be deeper than the stack", () => {
  const document = new XmlDocument();
  let parent: XmlNode = document;
  for (let depth = 0; depth < 50_000; depth += 1)
    parent = parent.appendChild(document.createElement("a"));
  const copy = new XmlDocument();
  copy.appendChild(copy.importNode(rootOf(document), true));
  assert.equal(treeText(copy).length, 49_999 * "<a></a>".length + "<a/>".length);
  assert.equal(copy.textContent, "");
});
