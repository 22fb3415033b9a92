import assert from "node:assert/strict";
import { mock, test } from "node:test";
import {
  TransformerBusy,
  XSLT_TRANSFORMER,
} from "../../../../src/mediation/transform/xslt-transformer.ts";
import { MediationWorld, proxy, soap } from "../mediation-world.ts";

const XSL = 'xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0"';
const XS = 'xmlns:xs="http://www.w3.org/2001/XMLSchema"';
const FAULT_LOG =
  '<faultSequence><payloadFactory><format><f xmlns="">$1</f></format><args><arg expression="$ctx:ERROR_MESSAGE"/></args></payloadFactory><respond/></faultSequence>';

function entry(key: string, content: string): string {
  return `<localEntry key="${key}">${content}</localEntry>`;
}

/** What comes back, and how long everything else waited for it. */
async function made(
  mediators: string,
  entries = "",
  ask = {},
): Promise<{ text: string; headers: string; blockedMs: number }> {
  const world = new MediationWorld(`${entries}${proxy(`${mediators}<respond/>`, FAULT_LOG)}`);
  let [lastMs, blockedMs] = [performance.now(), 0];
  const beat = setInterval(() => {
    blockedMs = Math.max(blockedMs, performance.now() - lastMs);
    lastMs = performance.now();
  }, 5);
  const { text, headers } = await world.ask(ask);
  clearInterval(beat);
  blockedMs = Math.max(blockedMs, performance.now() - lastMs);
  const inner = text.replace(/.*<soapenv:Body>(.*)<\/soapenv:Body>.*/s, "$1");
  return { text: inner, headers: JSON.stringify(headers), blockedMs };
}

function sheet(templates: string, attributes = ""): string {
  return entry("x", `<xsl:stylesheet ${XSL} ${attributes}>${templates}</xsl:stylesheet>`);
}

test("stylesheets read and write no file, whatever they name", async () => {
  const o = '<xsl:template match="/"><o xmlns=""/></xsl:template>';
  const reading = [
    `<xsl:include href="file:///etc/passwd"/>${o}`,
    `<xsl:import href="../../../../etc/passwd"/>${o}`,
    `<xsl:template match="/"><o xmlns=""><xsl:copy-of select="document(concat('file:///etc/', 'passwd'))"/></o></xsl:template>`,
    `<xsl:template match="/"><o xmlns=""><xsl:copy-of select="document('/etc/passwd')"/></o></xsl:template>`,
  ];
  for (const templates of reading) {
    const { text } = await made('<xslt key="x"/>', sheet(templates));
    assert.match(text, /^(?:<o\/>|<f>Unable to perform XSLT transformation)/);
    assert.doesNotMatch(text, /root:/);
  }
  const writing = `<xsl:template match="/"><exsl:document href="file:///tmp/never.xml"><a/></exsl:document></xsl:template>`;
  const names = 'xmlns:exsl="http://exslt.org/common" extension-element-prefixes="exsl"';
  const { text } = await made('<xslt key="x"/>', sheet(writing, names));
  assert.match(text, /<f>Unable to perform XSLT transformation/);
});

test("keys with dots reach nothing outside the registry", async () => {
  const reading = [
    '<xslt key="conf:/../../../../etc/passwd"/>',
    '<payloadFactory><format key="gov:../../../../../etc/passwd"/><args/></payloadFactory>',
    '<payloadFactory><format key="file:/etc/passwd"/><args/></payloadFactory>',
    '<sequence key="{//symbol}"/>',
  ];
  const ask = { body: soap("<q><symbol>conf:../../../../etc/passwd</symbol></q>") };
  for (const mediator of reading)
    assert.match((await made(mediator, "", ask)).text, /<f>.*(?:cannot be found|not found)/);
});

test("schemas import nothing from files or the network, and large counts cost nothing", async () => {
  const imports = `<xs:schema ${XS}><xs:import namespace="u" schemaLocation="file:///etc/passwd"/><xs:include schemaLocation="http://127.0.0.1:9/x.xsd"/><xs:element name="q"/></xs:schema>`;
  const mediator = '<validate><schema key="s"/><on-fail><drop/></on-fail></validate>';
  const refused = await made(mediator, entry("s", imports));
  assert.match(refused.text, /<f>Error creating a new schema objects/);
  assert.doesNotMatch(refused.text, /root:/);
  const counted = `<xs:schema ${XS}><xs:element name="q"><xs:complexType><xs:sequence maxOccurs="10000000"><xs:element name="a" minOccurs="999999" maxOccurs="9999999"/></xs:sequence></xs:complexType></xs:element></xs:schema>`;
  assert.ok((await made(mediator, entry("s", counted))).blockedMs < 2_000);
  const remote = entry("s", '{"$ref":"file:///etc/passwd"}');
  const json = { headers: { "Content-Type": "application/json" }, body: "1" };
  assert.match((await made(mediator, remote, json)).text, /can't resolve reference/);
});

test("document types of messages are refused before anything is expanded", async () => {
  const body = `<!DOCTYPE l [<!ENTITY a "xx"><!ENTITY b "&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>${soap("<q>&b;&c;</q>")}`;
  const echo = '<xsl:template match="/"><o xmlns=""><xsl:value-of select="."/></o></xsl:template>';
  for (const mediator of ['<xslt key="x"/>', '<property name="p" expression="//q"/>'])
    assert.match((await made(mediator, sheet(echo), { body })).text, /<f>.*DOCTYPE/);
});

test("patterns end in time in filter, switch, rewrite and JSON Schema", async () => {
  const long = { body: soap(`<a>${"a".repeat(5_000)}b</a>`) };
  const quick = [
    '<filter source="//a" regex="^(a+)+$"><then><drop/></then><else/></filter>',
    '<switch source="//a"><case regex="(a|aa)+c"><drop/></case><default/></switch>',
    '<filter source="//a" regex="(.*)(.*)(.*)(.*)(.*)x{3}[^a]"><then><drop/></then><else/></filter>',
    '<rewrite><rewriterule><action type="replace" regex="(a+)+$" value="b" fragment="path"/></rewriterule></rewrite>',
  ];
  for (const mediator of quick)
    assert.match((await made(mediator, "", long)).text, /^<a>a+b<\/a>$/, mediator);
  const stopped = [
    String.raw`<filter source="//a" regex="(a*)(a*)(a*)(a*)\1c"><then><drop/></then><else/></filter>`,
    '<filter source="//a" regex="(?!x).*.*.*.*.*y"><then><drop/></then><else/></filter>',
  ];
  for (const mediator of stopped) {
    const { text, blockedMs } = await made(mediator, "", long);
    assert.match(text, /<f>The pattern .* was stopped: it took longer than 1000 ms/);
    assert.ok(blockedMs < 5_000);
  }
});

test("XPath 2.0 that counts, recurs or matches without end is stopped", async () => {
  const endless = [
    "let $s := 1 to 1000 return count(for $a in $s, $b in $s, $c in $s, $d in $s return 1)",
    `replace('${"a".repeat(50)}b', '^(a+)+$', 'x')`,
    "let $f := function($g, $n) { $g($g, $n) } return $f($f, 1)",
  ];
  for (const expression of endless) {
    const { text } = await made(`<property name="a" expression="${expression}"/>`);
    assert.match(text, /<f>.*(?:it took longer than 2000 ms|Maximum call stack size)/);
  }
});

test("values with line breaks never become a second header or request line", async () => {
  const body = soap("<a>one&#13;&#10;Set-Cookie: evil</a>");
  const mediators =
    '<header name="X-A" scope="transport" expression="//a"/><property name="X-B" scope="transport" expression="//a"/>';
  const { headers } = await made(mediators, "", { body });
  assert.match(headers, /\["X-A","one Set-Cookie: evil"\]/);
  assert.doesNotMatch(headers, /\\[rn]/);
  const world = new MediationWorld(
    proxy(
      '<property name="target" expression="//a"/><rewrite><rewriterule><action type="set" value="http://backend:9000"/><action type="append" fragment="path" xpath="//a"/></rewriterule></rewrite><send/>',
      FAULT_LOG,
    ),
  );
  await world.ask({ body: soap("<a>/x&#13;&#10;GET /evil HTTP/1.1</a>") });
  assert.equal(world.received.length, 1);
  for (const { url } of world.received) assert.doesNotMatch(url, /[\r\n ]/);
});

test("a client hears 503 when too many transformations wait and no fault sequence answers", async () => {
  const busy = mock.method(XSLT_TRANSFORMER, "transform", () => {
    throw new TransformerBusy("1000 others are waiting");
  });
  const echo = '<xsl:template match="/"><o xmlns=""/></xsl:template>';
  const world = new MediationWorld(`${sheet(echo)}${proxy('<xslt key="x"/><respond/>')}`);
  assert.equal((await world.ask()).status, 503);
  assert.match((await made('<xslt key="x"/>', sheet(echo))).text, /<f>1000 others are waiting/);
  busy.mock.restore();
});
