/** XML files as a tree of elements: lines, namespaces, entities, and what is refused. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeEntities, encodeEntities } from "../../../src/config/xml-entities.ts";
import { attributeOf, childNamed, childrenNamed, textOf } from "../../../src/config/xml-query.ts";
import { parseXml, XML_DEPTH_MAX, XML_LENGTH_MAX } from "../../../src/config/xml.ts";
import { ConfigError } from "../../../src/errors/config-error.ts";

const parse = (text: string) => parseXml(text, "a.xml");

function problemOf(text: string): string {
  try {
    parse(text);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.message;
  }
  return "";
}

describe("parseXml", () => {
  it("knows the line of each element", () => {
    const root = parse('<?xml version="1.0"?>\n<!-- a\ncomment -->\n<a>\n  <b/><c\n x="1"/>\n</a>');
    assert.deepEqual(
      [root, ...childrenNamed(root, "b"), ...childrenNamed(root, "c")].map(
        ({ place }) => place.line,
      ),
      [4, 5, 5],
    );
  });

  it("resolves namespaces of elements and attributes", () => {
    const root = parse('<a xmlns="urn:a" xmlns:p="urn:p"><p:b p:x="1" y="2"/></a>');
    const child = childNamed(root, "b");
    assert.deepEqual([root.namespace, child?.namespace, child?.prefix], ["urn:a", "urn:p", "p"]);
    assert.deepEqual(
      child?.attributes.map(({ name, namespace, value }) => [name, namespace, value]),
      [
        ["x", "urn:p", "1"],
        ["y", "", "2"],
      ],
    );
    assert.equal(child && attributeOf(child, "x"), undefined);
  });

  it("keeps text, CDATA and character references, and leaves comments out", () => {
    const root = parse("<a> x &lt;&#65;&#x42; <!-- no --><![CDATA[<&]]> </a>");
    assert.equal(textOf(root), "x <AB <&");
  });

  it("gives each element its source", () => {
    const root = parse("<a><b x='1'>t</b></a>");
    assert.equal(childNamed(root, "b")?.source, "<b x='1'>t</b>");
  });

  for (const [what, text] of [
    ["mismatched tags", "<a>\n<b></a>"],
    ["two roots", "<a/>\n<b/>"],
    ["an undeclared prefix", "<a>\n<p:b/></a>"],
    ["an attribute twice", '<a>\n<b x="1" x="2"/></a>'],
  ] as const)
    it(`refuses ${what} with the line`, () => {
      assert.match(problemOf(text), /^XML is not well-formed: .* in a\.xml:2$/);
    });

  it("refuses an empty file", () => {
    assert.match(problemOf(""), /in a\.xml:1$/);
  });

  it("refuses a document type wherever it stands", () => {
    const doctype = '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]>';
    const refused = /a document type \(<!DOCTYPE>\) is not allowed in a\.xml:/;
    assert.match(problemOf(`${doctype}<a>&e;</a>`), refused);
    assert.match(
      problemOf(`<?xml version="1.0"?>\n<!-- <!DOCTYPE --> \n${doctype}<a>&e;</a>`),
      refused,
    );
    assert.match(problemOf(`<!-- <![CDATA[ -->${doctype}<!-- ]]> --><a/>`), refused);
  });

  it("accepts the word in comments and CDATA", () => {
    assert.equal(
      textOf(parse("<!-- <!DOCTYPE a> --><a><![CDATA[<!DOCTYPE a>]]></a>")),
      "<!DOCTYPE a>",
    );
  });

  it("bounds length and depth", () => {
    assert.match(
      problemOf(`<a>${" ".repeat(XML_LENGTH_MAX)}</a>`),
      /larger than 10485760 characters/,
    );
    const deep = (depth: number) => "<a>".repeat(depth) + "</a>".repeat(depth);
    assert.equal(problemOf(deep(XML_DEPTH_MAX)), "");
    assert.match(problemOf(deep(XML_DEPTH_MAX + 1)), /nested deeper than 200 elements/);
  });
});

describe("entities", () => {
  it("are decoded once, and unknown ones stay", () => {
    assert.equal(
      decodeEntities("&amp;lt; &quot;&apos; &nbsp; &#x110000;"),
      "&lt; \"' &nbsp; &#x110000;",
    );
  });

  it("come back as they went", () => {
    const text = `<a b="c">&'</a>`;
    assert.equal(decodeEntities(encodeEntities(text)), text);
  });
});
