import assert from "node:assert/strict";
import { test } from "node:test";
import { childElements } from "../../../../src/config/xml-query.ts";
import { parseXml } from "../../../../src/config/xml.ts";
import { elementText } from "../../../../src/mediation/xml/element-text.ts";

function textOfChild(xml: string, keepBlankText = false): string {
  const [child] = childElements(parseXml(xml, "f.xml"));
  assert.ok(child);
  return elementText(child, keepBlankText);
}

test("an element declares what it inherits and uses, and nothing else", () => {
  assert.equal(
    textOfChild('<r xmlns="d" xmlns:a="u" xmlns:b="v"><x a:k="1"><y/></x></r>'),
    '<x xmlns="d" xmlns:a="u" a:k="1"><y/></x>',
  );
});

test("its own declarations stay, also an empty default namespace", () => {
  assert.equal(
    textOfChild('<r xmlns="d"><x xmlns="" xmlns:q="w"><q:y xmlns:q="z"/></x></r>'),
    '<x xmlns:q="w"><q:y xmlns:q="z"/></x>',
  );
});

test("white space between elements goes, text is escaped", () => {
  const xml = "<r><x>\n  <y> a &lt; <![CDATA[<b>]]></y>\n</x></r>";
  assert.equal(textOfChild(xml), "<x><y> a &lt; &lt;b&gt;</y></x>");
  assert.equal(textOfChild(xml, true), "<x>\n  <y> a &lt; &lt;b&gt;</y>\n</x>");
});
