import assert from "node:assert/strict";
import { test } from "node:test";
import { WrittenEnvelope } from "../../../../src/mediation/message/written-envelope.ts";
import { MediationWorld, proxy, soap, SOAP11 } from "../mediation-world.ts";

const XSL = 'xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0"';
const XS = 'xmlns:xs="http://www.w3.org/2001/XMLSchema"';
const JSON_ASK = { headers: { "Content-Type": "application/json" } };
const FAULT_LOG =
  '<faultSequence><payloadFactory><format><f xmlns="">$1</f></format><args><arg expression="$ctx:ERROR_MESSAGE"/></args></payloadFactory><respond/></faultSequence>';

function entry(key: string, content: string): string {
  return `<localEntry key="${key}">${content}</localEntry>`;
}

/** The body that comes back. */
async function made(mediators: string, ask = {}, entries = ""): Promise<string> {
  const world = new MediationWorld(`${entries}${proxy(`${mediators}<respond/>`, FAULT_LOG)}`);
  const { text } = await world.ask(ask);
  return text.replace(/.*<soapenv:Body>(.*)<\/soapenv:Body>.*/s, "$1");
}

function sheet(templates: string): string {
  return `<xsl:stylesheet ${XSL}>${templates}</xsl:stylesheet>`;
}

const ECHO =
  '<xsl:template match="/"><o xmlns=""><xsl:value-of select="//symbol"/></o></xsl:template>';

test("xslt replaces the payload by its transformation", async () => {
  assert.equal(await made('<xslt key="x"/>', {}, entry("x", sheet(ECHO))), "<o>IBM</o>");
});

test("xslt parameters carry any text, quotes of both kinds included", async () => {
  const templates =
    '<xsl:param name="p"/><xsl:template match="/"><o><xsl:value-of select="$p"/></o></xsl:template>';
  const mediators = `<property name="v" value="a'b&quot;c"/><xslt key="x"><property name="p" expression="$ctx:v"/></xslt>`;
  const text = await made(mediators, {}, entry("x", sheet(templates)));
  assert.match(text, /a'b(?:"|&quot;)c/);
});

test("xslt imports by its resource elements, includes inside them too", async () => {
  const entries =
    entry("main", sheet('<xsl:import href="a/one.xsl"/>')) +
    entry("one", sheet('<xsl:include href="two.xsl"/>')) +
    entry("two", sheet(ECHO));
  const mediator =
    '<xslt key="main"><resource location="a/one.xsl" key="one"/><resource location="a/two.xsl" key="two"/></xslt>';
  assert.equal(await made(mediator, {}, entries), "<o>IBM</o>");
});

test("xslt wraps text output and keeps a target out of the message", async () => {
  const text = sheet(
    '<xsl:output method="text"/><xsl:template match="/">plain &lt;</xsl:template>',
  );
  assert.equal(
    await made('<xslt key="x"/>', {}, entry("x", text)),
    '<text xmlns="http://ws.apache.org/commons/ns/payload">plain &lt;</text>',
  );
  const kept =
    '<xslt key="x" target="t"/><payloadFactory><format><r xmlns="">$1</r></format><args><arg expression="$ctx:t"/></args></payloadFactory>';
  assert.equal(await made(kept, {}, entry("x", text)), "<r>plain &lt;</r>");
});

test("a stylesheet that cannot be compiled, stops itself or recurses without end is a fault, and the next one works", async () => {
  const faulty = [
    '<xsl:template match="/"><xsl:bad/></xsl:template>',
    '<xsl:template match="/"><xsl:message terminate="yes">stop</xsl:message></xsl:template>',
    '<xsl:template match="/"><xsl:call-template name="r"/></xsl:template><xsl:template name="r"><xsl:call-template name="r"/></xsl:template>',
  ];
  for (const templates of faulty)
    assert.match(
      await made('<xslt key="x"/>', {}, entry("x", sheet(templates))),
      /<f>Unable to perform XSLT transformation/,
    );
  assert.equal(await made('<xslt key="x"/>', {}, entry("x", sheet(ECHO))), "<o>IBM</o>");
});

test("document() reads nothing but resources", async () => {
  const templates = `<xsl:template match="/"><o xmlns=""><xsl:value-of select="document('http://127.0.0.1:9/secret')"/></o></xsl:template>`;
  assert.equal(await made('<xslt key="x"/>', {}, entry("x", sheet(templates))), "<o/>");
});

test("a stylesheet of XSLT 2.0 says what to install", async () => {
  const templates =
    '<xsl:template match="/"><xsl:for-each-group select="//a" group-by="b"/></xsl:template>';
  assert.match(await made('<xslt key="x"/>', {}, entry("x", sheet(templates))), /saxon-js/);
});

const SCHEMA = `<xs:schema ${XS} targetNamespace="u" elementFormDefault="qualified"><xs:element name="q"><xs:complexType><xs:sequence><xs:element name="n" type="xs:int"/></xs:sequence></xs:complexType></xs:element></xs:schema>`;
const ON_FAIL =
  '<on-fail><payloadFactory><format><bad xmlns="">$1</bad></format><args><arg expression="$ctx:ERROR_MESSAGE"/></args></payloadFactory></on-fail>';

test("validate lets valid XML pass and runs on-fail for other", async () => {
  const mediator = `<validate><schema key="s"/>${ON_FAIL}</validate>`;
  const ask = (n: string): object => ({ body: soap(`<q xmlns="u"><n>${n}</n></q>`) });
  assert.equal(await made(mediator, ask("1"), entry("s", SCHEMA)), '<q xmlns="u"><n>1</n></q>');
  assert.match(await made(mediator, ask("x"), entry("s", SCHEMA)), /<bad>.*xs:int/);
});

test("validate takes several schemas and resources, and a faulty schema is a fault", async () => {
  const importing = `<xs:schema ${XS} xmlns:p="v" targetNamespace="u"><xs:import namespace="v" schemaLocation="v.xsd"/><xs:element name="q" type="p:t"/></xs:schema>`;
  const imported = `<xs:schema ${XS} targetNamespace="v"><xs:simpleType name="t"><xs:restriction base="xs:int"/></xs:simpleType></xs:schema>`;
  const other = `<xs:schema ${XS} targetNamespace="w"><xs:element name="z" type="xs:int"/></xs:schema>`;
  const entries = entry("s", importing) + entry("v", imported) + entry("w", other);
  const mediator = `<validate><schema key="s"/><schema key="w"/><resource location="v.xsd" key="v"/>${ON_FAIL}</validate>`;
  assert.equal(
    await made(mediator, { body: soap('<q xmlns="u">1</q>') }, entries),
    '<q xmlns="u">1</q>',
  );
  assert.match(await made(mediator, { body: soap('<z xmlns="w">x</z>') }, entries), /<bad>/);
  assert.match(
    await made(
      `<validate><schema key="s"/>${ON_FAIL}</validate>`,
      {},
      entry("s", `<xs:schema ${XS}><xs:nonsense/></xs:schema>`),
    ),
    /<f>Error creating a new schema/,
  );
});

test("validate checks JSON against a JSON schema", async () => {
  const schema = entry(
    "j",
    '{"type":"object","required":["a"],"properties":{"a":{"type":"integer","minimum":1}}}',
  );
  const mediator = `<validate><schema key="j"/>${ON_FAIL}</validate>`;
  assert.equal(await made(mediator, { ...JSON_ASK, body: '{"a":2}' }, schema), '{"a":2}');
  assert.match(await made(mediator, { ...JSON_ASK, body: '{"a":0}' }, schema), /must be &gt;= 1/);
});

test("jsontransform writes XML as JSON by its properties and fits it to a schema", async () => {
  const body = soap("<r><n>1</n><t>2</t></r>");
  assert.equal(
    await made(
      '<jsontransform><property name="synapse.commons.json.output.autoPrimitive" value="false"/></jsontransform>',
      { body },
    ),
    '{"r":{"n":"1","t":"2"}}',
  );
  const schema = entry(
    "j",
    '{"type":"object","properties":{"r":{"type":"object","properties":{"t":{"type":"string"},"n":{"type":"array","items":{"type":"number"}}}}}}',
  );
  assert.equal(
    await made('<jsontransform schema="j"/>', { body }, schema),
    '{"r":{"n":[1],"t":"2"}}',
  );
});

test("xslt gives the same whether or not something has looked into the message before", async () => {
  const copies = '<xsl:template match="/"><o xmlns=""><xsl:copy-of select="."/></o></xsl:template>';
  const identity =
    '<xsl:template match="@*|node()"><xsl:copy><xsl:apply-templates select="@*|node()"/></xsl:copy></xsl:template>';
  const sheets = [
    copies,
    identity,
    `<xsl:output method="xml" encoding="UTF-8" indent="no"/>${copies}`,
    '<xsl:template match="/"><html xmlns=""><br/>é</html></xsl:template>',
    '<xsl:template match="/">only text</xsl:template>',
    '<xsl:template match="/"><a xmlns=""/><b xmlns=""/></xsl:template>',
    '<xsl:template match="/"><a xmlns=""><xsl:value-of select="\'&lt;b/>\'" disable-output-escaping="yes"/></a></xsl:template>',
  ];
  const envelope = (body: string): string =>
    `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:m="urn:m"><s:Header/><s:Body>${body}</s:Body></s:Envelope>`;
  const bodies = [
    soap("<q><symbol>IBM é &amp; &#13;</symbol><!-- c --></q>"),
    envelope('<m:q a="1" m:b="2"><m:c>é</m:c></m:q>'),
    envelope("<q/><second/>"),
    envelope("<m:q><unbound:a/></m:q>"),
    envelope("<m:q>"),
  ];
  for (const text of sheets)
    for (const body of bodies) {
      const entries = entry("x", sheet(text));
      const untouched = await made('<xslt key="x"/>', { body }, entries);
      const read = '<property name="p" expression="count(//*)"/><xslt key="x"/>';
      assert.equal(untouched, await made(read, { body }, entries), `${text} of ${body}`);
    }
});

test("what xslt made goes to the client without having been read, unless it is a fault", async (t) => {
  const looks = t.mock.getter(WrittenEnvelope.prototype, "envelope");
  assert.equal(await made('<xslt key="x"/>', {}, entry("x", sheet(ECHO))), "<o>IBM</o>");
  assert.equal(looks.mock.callCount(), 0);
  const fault = `<xsl:template match="/"><s:Fault xmlns:s="${SOAP11}"><faultcode>s:Server</faultcode><faultstring>no</faultstring></s:Fault></xsl:template>`;
  const world = new MediationWorld(
    entry("x", sheet(fault)) + proxy('<xslt key="x"/><respond/>', FAULT_LOG),
  );
  assert.equal((await world.ask()).status, 500);
});
