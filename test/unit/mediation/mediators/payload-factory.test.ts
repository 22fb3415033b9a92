import assert from "node:assert/strict";
import { test } from "node:test";
import { headerOf, MediationWorld, proxy, soap } from "../mediation-world.ts";

const JSON_ASK = { headers: { "Content-Type": "application/json" } };

async function made(mediator: string, ask = {}, before = ""): Promise<string> {
  const world = new MediationWorld(proxy(`${before}${mediator}<respond/>`));
  const { text } = await world.ask(ask);
  return text.replace(/.*<soapenv:Body>(.*)<\/soapenv:Body>.*/s, "$1");
}

function factory(media: string, format: string, args: string): string {
  return `<payloadFactory media-type="${media}"><format>${format}</format><args>${args}</args></payloadFactory>`;
}

test("text is escaped in XML, elements of elements are inserted, several nodes one after the other", async () => {
  const body = soap("<r><s>a &amp; b</s><h><v>1</v></h><h><v>2</v></h></r>");
  const args = '<arg expression="//s/text()"/><arg expression="//h"/>';
  assert.equal(
    await made(factory("xml", '<x xmlns=""><t>$1</t>$2</x>', args), { body }),
    "<x><t>a &amp; b</t><h><v>1</v></h><h><v>2</v></h></x>",
  );
});

test("an element that holds text stands for its text", async () => {
  const body = soap("<r><symbol>A &amp; B</symbol><last>12.5</last></r>");
  const args = '<arg expression="//symbol"/><arg expression="//last"/>';
  assert.equal(
    await made(factory("xml", '<x xmlns=""><s>$1</s></x>', args), { body }),
    "<x><s>A &amp; B</s></x>",
  );
  assert.equal(
    await made(factory("json", '{"symbol":"$1","last":$2}', args), { body }),
    '{"symbol":"A & B","last":12.5}',
  );
});

test("an argument that holds a placeholder is not replaced again", async () => {
  const args = '<arg value="$2"/><arg value="no"/>';
  assert.equal(await made(factory("xml", '<x xmlns="">$1</x>', args)), "<x>$2</x>");
});

test("$ctx: properties stand in the format", async () => {
  const set = '<property name="who" value="a&lt;b"/>';
  assert.equal(
    await made(factory("xml", '<x xmlns="">$ctx:who</x>', ""), {}, set),
    "<x>a&lt;b</x>",
  );
});

test("too few arguments leave the placeholder and log an error", async () => {
  const world = new MediationWorld(
    proxy(`${factory("xml", '<x xmlns="">$2</x>', '<arg value="1"/>')}<respond/>`),
  );
  assert.match((await world.ask()).text, /<x>\$2<\/x>/);
  assert.deepEqual(world.log.messages("error"), [
    "Mis-match detected between number of formatters and arguments",
  ]);
});

test("JSON strings are escaped, JSON results inserted as they are, XML converted", async () => {
  const ask = { ...JSON_ASK, body: '{"a":{"b":[1,2]},"s":"q\\"\\n"}' };
  const args =
    '<arg evaluator="json" expression="$.a"/><arg evaluator="json" expression="$.s"/><arg value="&lt;n&gt;5&lt;/n&gt;"/>';
  assert.equal(
    await made(factory("json", '{"one":$1,"two":"$2","three":$3}', args), ask),
    '{"one":{"b":[1,2]},"two":"q\\"\\n","three":{"n":5}}',
  );
});

test("a JSON result is converted to XML without its wrapper", async () => {
  const ask = { ...JSON_ASK, body: '{"a":{"b":[1,2]}}' };
  const args = '<arg evaluator="json" expression="$.a"/>';
  assert.equal(
    await made(factory("xml", '<x xmlns="">$1</x>', args), ask),
    "<x><b>1</b><b>2</b></x>",
  );
});

test("the content type follows the media type, but XML keeps a type that is XML already", async () => {
  const typeAfter = async (media: string, format: string): Promise<string | undefined> => {
    const world = new MediationWorld(proxy(`${factory(media, format, "")}<respond/>`));
    return headerOf((await world.ask()).headers, "Content-Type");
  };
  assert.equal(await typeAfter("json", "{}"), "application/json; charset=UTF-8");
  assert.equal(await typeAfter("text", "hello"), "text/plain; charset=UTF-8");
  assert.equal(await typeAfter("xml", "<x/>"), "text/xml; charset=UTF-8");
});

test("header blocks and addressing outlive the payload", async () => {
  const header =
    '<h:k xmlns:h="u">1</h:k><w:To xmlns:w="http://www.w3.org/2005/08/addressing">http://b/x</w:To>';
  const world = new MediationWorld(proxy(`${factory("xml", '<x xmlns=""/>', "")}<send/>`));
  await world.ask({ body: soap("<q/>", header) });
  assert.equal(world.received[0]?.url, "http://b/x");
  assert.match(world.received[0]?.text ?? "", /<h:k xmlns:h="u">1<\/h:k>.*<x\/>/);
});

test("a format by key comes from a local entry", async () => {
  const factoryByKey =
    '<payloadFactory><format key="f"/><args><arg value="1"/></args></payloadFactory>';
  const world = new MediationWorld(
    `<localEntry key="f"><x xmlns="">$1</x></localEntry>${proxy(`${factoryByKey}<respond/>`)}`,
  );
  assert.match((await world.ask()).text, /<x>1<\/x>/);
});

test("a property that holds JSON stands in JSON as it is, other text is escaped", async () => {
  const set = '<property name="o" expression="json-eval($.o)"/>';
  const args = '<arg expression="$ctx:o"/><arg expression="json-eval($.s)"/>';
  const body = '{"o":{"a":[1]},"s":"say \\"hi\\""}';
  assert.equal(
    await made(factory("json", '{"o":$1,"s":"$2"}', args), { ...JSON_ASK, body }, set),
    '{"o":{"a":[1]},"s":"say \\"hi\\""}',
  );
});

test("what an expression counts is a double of Java, what a property is typed as INTEGER is not", async () => {
  const set =
    '<property name="c" expression="count(//q)"/><property name="i" value="5" type="INTEGER"/>';
  const args = '<arg expression="$ctx:c"/><arg expression="$ctx:i"/>';
  assert.equal(await made(factory("xml", '<x xmlns="">$1 $2</x>', args), {}, set), "<x>1.0 5</x>");
});

test("blanks around the text of a format do not belong to it", async () => {
  const text = factory("text", "  hi $1\n  ", '<arg value="you"/>');
  assert.equal(await made(text, { ...JSON_ASK, body: "{}" }), "hi you");
});
