import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { XmlDocument as Libxml2Document } from "libxml2-wasm";
import { MediationFault } from "../../../../../src/mediation/mediation-fault.ts";
import {
  type DocumentBounds,
  readDocument,
} from "../../../../../src/mediation/xml/tree/document-parser.ts";
import { treeText } from "../../../../../src/mediation/xml/tree/tree-writer.ts";
import type { XmlDocument } from "../../../../../src/mediation/xml/tree/xml-document.ts";
import { ILL_FORMED, WELL_FORMED } from "./xml-snippets.ts";

const BOUNDS: DocumentBounds = { depthMax: 50, tagsMax: 1_000, attributesMax: 20 };

function read(text: string): XmlDocument {
  return readDocument(text, BOUNDS);
}

function isRead(text: string): boolean {
  try {
    read(text);
    return true;
  } catch (error) {
    if (error instanceof MediationFault) return false;
    throw error;
  }
}

function isReadByLibxml2(text: string): boolean {
  try {
    Libxml2Document.fromString(text).dispose();
    return true;
  } catch {
    return false;
  }
}

test("documents are read", () => {
  for (const text of WELL_FORMED) assert.doesNotThrow(() => read(text), text);
});

test("everything that XML and its namespaces call an error is refused, with its reason and place", () => {
  for (const [text, reason] of ILL_FORMED)
    assert.throws(
      () => read(text),
      (error) => {
        assert.ok(error instanceof MediationFault, `${text}: ${String(error)}`);
        assert.match(error.message, reason, text);
        assert.match(error.message, /\(line \d+, column \d+\)$/);
        return true;
      },
      text,
    );
});

test("libxml2 says the same of all snippets, but for what is refused here on purpose", () => {
  for (const text of WELL_FORMED) assert.ok(isReadByLibxml2(text), text);
  const accepted = ILL_FORMED.map(([text]) => text).filter(isReadByLibxml2);
  assert.deepEqual(accepted, [
    // A version has a digit behind the dot (production 26).
    "<?xml version='1.'?><a/>",
    // The byte order mark belongs to the encoding: who decodes the bytes takes it away.
    "\uFEFF<a/>",
    "<!DOCTYPE a><a/>",
    "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
  ]);
});

test("a refusal names line and column in the text as it came", () => {
  const place = (text: string): string | undefined => {
    try {
      read(text);
      return undefined;
    } catch (error) {
      return /\((.*)\)$/.exec(String(error))?.[1];
    }
  };
  assert.equal(place("<a>\r\n  <b>\r\n  </c>\r\n</a>"), "line 3, column 3");
  assert.equal(place("<a b='1' b='2'/>"), "line 1, column 1");
  assert.equal(place("<a>x &foo; y</a>"), "line 1, column 6");
  assert.equal(place("<a>\n\n"), "line 3, column 1");
});

test("line ends, white space of attributes and references are read as the specification says", () => {
  const root = read(
    "<a b='1\r\n2\t3&#10;&#9;'>x\r\ny\rz&#13;&lt;<![CDATA[&lt;\r\n]]></a>",
  ).documentElement;
  assert.equal(root?.getAttribute("b"), "1 2 3\n\t");
  assert.equal(root?.textContent, "x\ny\nz\r<&lt;\n");
  assert.deepEqual(
    root?.childNodes.map((node) => [node.nodeType, node.nodeValue]),
    [
      [3, "x\ny\nz\r<"],
      [4, "&lt;\n"],
    ],
  );
});

test("names have the namespaces that are declared where they stand", () => {
  const document = read(
    "<p:a xmlns='u' xmlns:p='v' b='1' p:c='2'><d xmlns='' xmlns:p='w'><p:e/></d><f/><p:g/></p:a>",
  );
  const names: string[] = [];
  for (const local of ["a", "d", "e", "f", "g"])
    for (const namespace of ["", "u", "v", "w"])
      if (document.getElementsByTagNameNS(namespace, local).length > 0)
        names.push(`{${namespace}}${local}`);
  assert.deepEqual(names, ["{v}a", "{}d", "{w}e", "{u}f", "{v}g"]);
  assert.deepEqual(
    [...(document.documentElement?.attributes ?? [])].map((item) => [
      item.name,
      item.prefix,
      item.localName,
      item.namespaceURI,
    ]),
    [
      ["xmlns", null, "xmlns", "http://www.w3.org/2000/xmlns/"],
      ["xmlns:p", "xmlns", "p", "http://www.w3.org/2000/xmlns/"],
      ["b", null, "b", null],
      ["p:c", "p", "c", "v"],
    ],
  );
});

test("depth, tags and attributes are bounded", () => {
  const nested = (depth: number): string => "<a>".repeat(depth) + "</a>".repeat(depth);
  assert.ok(isRead(nested(50)));
  assert.throws(() => read(nested(51)), /nested deeper than 50 elements/);
  assert.ok(isRead(`<a>${"<b/>".repeat(998)}</a>`));
  assert.throws(() => read(`<a>${"<!---->".repeat(999)}</a>`), /more than 1000 tags/);
  const attributes = (count: number): string =>
    Array.from({ length: count }, (_, index) => ` b${index}=''`).join("");
  assert.ok(isRead(`<a${attributes(20)}/>`));
  assert.throws(() => read(`<a${attributes(21)}/>`), /more than 20 attributes/);
  assert.throws(() => read(`<a${attributes(15)} b3=''/>`), /b3 of a is there twice/);
});

const SNIPPETS = [...WELL_FORMED, ...ILL_FORMED.map(([text]) => text)].filter(
  (text) => !/DOCTYPE|\uFEFF|1\.'/.test(text),
);
const PIECES = [
  ..."< > / & ; # ' \" = - : ? ! ] x 1 \n".split(" "),
  " ",
  "<a>",
  "</a>",
  "<!--",
  "-->",
  "]]>",
  "<?p",
  "xmlns:p='u'",
  "\uFFFE",
  "\u{1F600}",
];

/** A snippet with some places changed. */
const mutated = fc
  .tuple(
    fc.constantFrom(...SNIPPETS),
    fc.array(fc.tuple(fc.nat(60), fc.nat(2), fc.constantFrom("", ...PIECES)), { maxLength: 4 }),
  )
  .map(([text, changes]) => {
    let changed = text;
    for (const [at, gone, piece] of changes)
      changed = changed.slice(0, at) + piece + changed.slice(at + gone);
    return changed;
  });

test("any text is either a document, whose text reads the same, or refused", () => {
  fc.assert(
    fc.property(fc.oneof(mutated, fc.string({ unit: "binary" })), (text) => {
      if (!isRead(text)) return;
      const written = treeText(read(text));
      assert.equal(treeText(read(written)), written);
    }),
    { numRuns: 1_000 },
  );
});

/** What libxml2 looks at though XML does not ask for it: whether it knows the encoding and a namespace is a URI. */
const BEYOND_XML = /Unsupported encoding|not a valid URI/;

test("changed snippets are read where libxml2 reads them", () => {
  fc.assert(
    fc.property(mutated, (text) => {
      if (/\uFEFF|1\.['"]/.test(text)) return;
      try {
        Libxml2Document.fromString(text).dispose();
      } catch (error) {
        assert.ok(BEYOND_XML.test(String(error)) || !isRead(text), text);
        return;
      }
      assert.ok(isRead(text), text);
    }),
    { numRuns: 1_000 },
  );
});
