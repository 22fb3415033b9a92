import assert from "node:assert/strict";
import { test } from "node:test";
import { MediationWorld, proxy, soap } from "../mediation-world.ts";

async function made(source: string, target: string, ask = {}, before = ""): Promise<string> {
  const world = new MediationWorld(
    proxy(
      `${before}<enrich>${source}${target}</enrich><respond/>`,
      '<faultSequence><payloadFactory><format><f xmlns="">$1</f></format><args><arg expression="$ctx:ERROR_MESSAGE"/></args></payloadFactory><respond/></faultSequence>',
    ),
  );
  const { text } = await world.ask(ask);
  return text.replace(/.*<soapenv:Body>(.*)<\/soapenv:Body>.*/s, "$1");
}

const BODY = { body: soap('<q><a>1</a><b k="v">2</b></q>') };

test("an element is replaced by, gets as a child or a sibling what the source is", async () => {
  const source = '<source type="inline"><n xmlns="">x</n></source>';
  assert.equal(await made(source, '<target xpath="//a"/>', BODY), '<q><n>x</n><b k="v">2</b></q>');
  assert.equal(
    await made(source, '<target action="child" xpath="//q"/>', BODY),
    '<q><a>1</a><b k="v">2</b><n>x</n></q>',
  );
  assert.equal(
    await made(source, '<target action="sibling" xpath="//a"/>', BODY),
    '<q><a>1</a><n>x</n><b k="v">2</b></q>',
  );
});

test("text goes into elements, texts and attributes", async () => {
  const source = '<source xpath="//a/text()"/>';
  assert.equal(await made(source, '<target xpath="//b"/>', BODY), '<q><a>1</a><b k="v">1</b></q>');
  assert.equal(
    await made(source, '<target xpath="//b/text()"/>', BODY),
    '<q><a>1</a><b k="v">1</b></q>',
  );
  assert.equal(
    await made(source, '<target xpath="//b/@k"/>', BODY),
    '<q><a>1</a><b k="1">2</b></q>',
  );
});

test("a source that is not cloned moves", async () => {
  assert.equal(
    await made('<source clone="false" xpath="//a"/>', '<target action="child" xpath="//b"/>', BODY),
    '<q><b k="v">2<a>1</a></b></q>',
  );
});

test("body and property change places", async () => {
  const before =
    '<enrich><source type="body"/><target type="property" property="p"/></enrich><payloadFactory><format><x xmlns=""/></format></payloadFactory>';
  assert.equal(
    await made('<source type="property" property="p"/>', '<target type="body"/>', BODY, before),
    '<q><a>1</a><b k="v">2</b></q>',
  );
});

test("the envelope is replaced by an envelope only", async () => {
  const inline = `<source type="inline">${soap('<z xmlns=""/>')}</source>`;
  assert.equal(await made(inline, '<target type="envelope"/>', BODY), "<z/>");
  assert.match(
    await made('<source xpath="//a"/>', '<target type="envelope"/>', BODY),
    /<f>SOAPEnvelope is expected/,
  );
});

test("a target that is not there is a fault", async () => {
  assert.match(
    await made('<source xpath="//a"/>', '<target xpath="//nothing"/>', BODY),
    /<f>Invalid Target object to be enrich/,
  );
});

test("JSON is enriched by JSONPath and stays JSON", async () => {
  const ask = { headers: { "Content-Type": "application/json" }, body: '{"a":{"b":1},"l":[1,2]}' };
  assert.equal(
    await made(
      '<source xpath="json-eval($.a)"/>',
      '<target action="child" xpath="json-eval($.l)"/>',
      ask,
    ),
    '{"a":{"b":1},"l":[1,2,{"b":1}]}',
  );
  assert.equal(
    await made(
      '<source type="inline">{"z":true}</source>',
      '<target xpath="json-eval($.a.c)"/>',
      ask,
    ),
    '{"a":{"b":1,"c":{"z":true}},"l":[1,2]}',
  );
  assert.equal(
    await made(
      '<source clone="false" xpath="json-eval($.a.b)"/>',
      '<target xpath="json-eval($.l[0])"/>',
      ask,
    ),
    '{"a":{},"l":[1,2]}'.replace("[1,2]", "[1,2]"),
  );
});
