import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDocument, rootOf } from "../../../../src/mediation/xml/dom.ts";
import { compileJsonPath, jsonPathText } from "../../../../src/mediation/xml/json-path.ts";
import { jsonToXml } from "../../../../src/mediation/xml/json-to-xml.ts";
import { xmlToJson } from "../../../../src/mediation/xml/xml-to-json.ts";

const DATA = { a: { b: [{ c: 1 }, { c: "x" }], "d e": null }, f: true };

function found(path: string): string {
  const compiled = compileJsonPath(path);
  return jsonPathText({ hits: compiled.select(DATA), isDefinite: compiled.isDefinite });
}

test("paths walk names, indexes and wildcards; a wildcard yields an array", () => {
  assert.equal(found("$.a.b[1].c"), "x");
  assert.equal(found("$['a']['d e']"), "null");
  assert.equal(found("$.a.b[*].c"), '[1,"x"]');
  assert.equal(found("$.a.b[-1]"), '{"c":"x"}');
  assert.equal(found("$.f"), "true");
  assert.equal(found("$.a.none[0]"), "");
  assert.equal(found("$.a.constructor"), "");
});

test("what is no JSONPath is refused with the place", () => {
  for (const path of ["$.a.", "$.a[", "$.a[x]", "$.a b"])
    assert.throws(() => compileJsonPath(path), /cannot be read from/, path);
});

test("JSON becomes jsonObject, arrays repeat their name, illegal names are escaped", () => {
  assert.equal(
    jsonToXml({ a: [1, { b: "<" }], "c d": null, "1x": true }),
    "<jsonObject><a>1</a><a><b>&lt;</b></a><c_JsonReader_32_d/><_JsonReader_PS_1x>true</_JsonReader_PS_1x></jsonObject>",
  );
  assert.equal(
    jsonToXml([1, [2]]),
    "<jsonArray><jsonElement>1</jsonElement><jsonElement><jsonElement>2</jsonElement></jsonElement></jsonArray>",
  );
});

function json(xml: string): string {
  return xmlToJson(rootOf(parseDocument(xml)));
}

test("XML becomes JSON with literal digits, arrays, attributes and null", () => {
  assert.equal(
    json(
      '<p:r xmlns:p="u" id="1"><n>25.0000</n><b>true</b><s>007</s><e/><p:i>1</p:i><p:i>2</p:i></p:r>',
    ),
    '{"r":{"@id":"1","n":25.0000,"b":true,"s":"007","e":null,"i":[1,2]}}',
  );
  assert.equal(json('<a x="1">t</a>'), '{"a":{"@x":"1","$":"t"}}');
});

test("the wrapper and the escapes of JSON vanish on the way back", () => {
  for (const text of ['{"a":1,"c d":"x"}', "[1,2]", '{"a":{"b":null}}'])
    assert.equal(json(jsonToXml(JSON.parse(text))), text);
});

test("an instruction makes an array of a single element", () => {
  assert.equal(
    json("<r><?xml-multiple i?><i>1</i><other>2</other></r>"),
    '{"r":{"i":[1],"other":2}}',
  );
});
