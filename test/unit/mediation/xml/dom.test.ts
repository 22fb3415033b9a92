import assert from "node:assert/strict";
import { test } from "node:test";
import { MediationFault } from "../../../../src/mediation/mediation-fault.ts";
import {
  PAYLOAD_ATTRIBUTES_MAX,
  PAYLOAD_DEPTH_MAX,
  PAYLOAD_TAGS_MAX,
  parseDocument,
  serializeNode,
} from "../../../../src/mediation/xml/dom.ts";

test("well-formed XML comes back as it went in", () => {
  for (const text of [
    '<a xmlns="u" xmlns:x="v"><x:b x:c="1&amp;2">t<![CDATA[<x>]]></x:b><!-- c --></a>',
    "<a>\n  <b/>\n</a>",
  ])
    assert.equal(serializeNode(parseDocument(text)), text);
});

test("everything that XML calls an error is refused", () => {
  for (const text of [
    "",
    "hello",
    "<a><b></a>",
    "<a/><b/>",
    "<a x=1/>",
    "<a b='1' b='2'/>",
    "<a b='<'/>",
    "<p:a/>",
    "<a>&foo;</a>",
    "<a>\u0001</a>",
    "<a>&#0;</a>",
    " <?xml version='1.0'?><a/>",
  ])
    assert.throws(() => parseDocument(text), MediationFault, text);
});

test("document types are refused, so no entity is expanded", () => {
  assert.throws(() => parseDocument("<!DOCTYPE a><a/>"), /document type/);
  assert.throws(
    () => parseDocument('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'),
    MediationFault,
  );
});

test("nesting is bounded", () => {
  const nested = (depth: number): string => "<a>".repeat(depth) + "</a>".repeat(depth);
  assert.doesNotThrow(() => parseDocument(nested(PAYLOAD_DEPTH_MAX)));
  assert.throws(() => parseDocument(nested(PAYLOAD_DEPTH_MAX + 2)), /nested deeper than 500/);
});

test("the number of tags and of attributes of an element is bounded", () => {
  const attributes = (count: number): string =>
    Array.from({ length: count }, (_, index) => ` a${index}=""`).join("");
  assert.throws(
    () => parseDocument(`<a>${"<b/>".repeat(PAYLOAD_TAGS_MAX)}</a>`),
    /more than 400000 tags/,
  );
  assert.throws(
    () => parseDocument(`<a${attributes(PAYLOAD_ATTRIBUTES_MAX + 1)}/>`),
    /more than 5000 attributes/,
  );
  const text = ' x="y"'.repeat(2 * PAYLOAD_ATTRIBUTES_MAX);
  assert.doesNotThrow(() => parseDocument(`<a${attributes(1_000)}>${text}<![CDATA[${text}]]></a>`));
});
