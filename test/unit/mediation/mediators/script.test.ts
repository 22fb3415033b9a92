import assert from "node:assert/strict";
import { test } from "node:test";
import { formatProblem } from "../../../../src/errors/config-error.ts";
import { responseOf } from "../../../helpers/stock-quote-backend.ts";
import { headerOf, MediationWorld, proxy, soap, TO_BACKEND } from "../mediation-world.ts";

const QUOTE = soap(
  '<m:q xmlns:m="urn:m"><m:Code id="7">IBM</m:Code><m:item n="1">5</m:item><m:item n="2">6</m:item></m:q>',
);

function script(text: string, attributes = 'language="js"'): string {
  return `<script ${attributes}><![CDATA[${text}]]></script>`;
}

/** What the back end gets after a script. */
async function bodyAfter(text: string, body = QUOTE, type = "text/xml"): Promise<string> {
  const world = new MediationWorld(proxy(`${script(text)}<send>${TO_BACKEND}</send>`));
  await world.ask({ headers: { "Content-Type": type }, body });
  const [request] = world.received;
  if (!request) assert.fail(world.log.messages().join("\n"));
  return request.text;
}

/** What a script prints. */
async function printed(text: string, body = QUOTE, type = "text/xml"): Promise<string> {
  const world = new MediationWorld(proxy(script(text)));
  await world.ask({ headers: { "Content-Type": type }, body });
  return world.log.messages().join("\n");
}

function problems(definitions: string): string {
  const result = new MediationWorld("").compile(definitions);
  return result.kind === "faulty" ? result.problems.map(formatProblem).join("\n") : "";
}

test("reads and sets the payload with E4X", async () => {
  const text = await bodyAfter(`
    var symbol = mc.getPayloadXML()..*::Code.toString();
    mc.setPayloadXML(<n:getQuote xmlns:n="urn:n"><n:symbol of={symbol + '&"'}>{symbol + '<'}</n:symbol></n:getQuote>);`);
  assert.match(
    text,
    /<soapenv:Body><n:getQuote xmlns:n="urn:n"><n:symbol of="IBM&amp;&quot;">IBM&lt;<\/n:symbol><\/n:getQuote><\/soapenv:Body>/,
  );
});

test("walks, filters and changes XML", async () => {
  const log = await printed(`
    var m = new Namespace("urn:m"), x = mc.getPayloadXML();
    print("A", x.m::item.length(), x.m::item[1], x..@n, x.m::item.(@n == "2").toString());
    var sum = 0; for each (var i in x.m::item) sum += Number(i);
    print("B", sum, x.m::Code.@id * 2, x.localName(), x.namespace().uri);
    delete x.m::item[0]; x.m::Code = "SUN"; x.m::Code.@id = 8; x.appendChild(<b xmlns="">{1 + 1}</b>);
    print("C", x.children().length(), x.m::Code.toXMLString(), x.b, x.nothing.length());
    var list = <></>; list += <a/>; list += <c/>; print("D", list.length());
    var made = <r/>; made.p.q = "v"; made.@k = 3; print("E", made.p.q.toUpperCase(), made.@k, made.child("p").length());`);
  assert.match(log, /A 2 6 12 6/);
  assert.match(log, /B 11 14 q urn:m/);
  assert.match(log, /C 3 <m:Code xmlns:m="urn:m" id="8">SUN<\/m:Code> 2 0/);
  assert.match(log, /D 2/);
  assert.match(log, /E V 3 1/);
});

test("offers the methods of Axiom and XPath that Nashorn scripts use", async () => {
  const log = await printed(`
    var x = mc.getPayloadXML();
    var nodes = mc.getXpathResult("//*[local-name()='item']").selectNodes(x);
    print("A", nodes.size(), nodes.get(0).getText(), x.getFirstElement().getLocalName());
    nodes.get(1).setText("9"); print("B", x..*::item[1]);
    print("C", mc.getXpathResult("count(//*[local-name()='item'])").stringValueOf(x));`);
  assert.match(log, /A 2 5 Code/);
  assert.match(log, /B 9/);
  assert.match(log, /C 2/);
});

test("reads and sets JSON", async () => {
  const text = await bodyAfter(
    `var p = mc.getPayloadJSON(); p.list.push(p.list.length); mc.setPayloadJSON({ got: p.list, n: null });`,
    '{"list":[1,2]}',
    "application/json",
  );
  assert.equal(text, '{"got":[1,2,2],"n":null}');
});

test("properties of all scopes keep their types", async () => {
  const log = await printed(`
    mc.setProperty("n", 5); mc.setProperty("x", <a><b>1</b></a>); mc.setProperty("s", "t", "operation");
    mc.setProperty("X-H", "v", "transport"); mc.setProperty("HTTP_SC", 201, "axis2"); mc.setProperty("o", { a: [1] });
    print("A", mc.getProperty("n") + 1, mc.getProperty("x").b, mc.getProperty("s", "operation"), mc.getProperty("HTTP_SC", "axis2"));
    mc.removeProperty("n"); print("B", mc.getProperty("n"), mc.getProperty("x-h", "transport"), mc.getProperty("o"));
    print("C", mc.getProperty("TRANSPORT_HEADERS", "axis2").get("content-type"), mc.isResponse(), mc.getTo());`);
  assert.match(log, /A 6 1 t 201/);
  assert.match(log, /B null v \{"a":\[1\]\}/);
  assert.match(log, /C text\/xml false \/services\/P/);
});

test("adds headers, sets To and Action, and false stops", async () => {
  const world = new MediationWorld(
    proxy(`${script(`
      mc.addHeader(false, <t:tok xmlns:t="urn:t">1</t:tok>); mc.setTo("http://other:1/x"); mc.setWSAAction("urn:act");`)}
      <send/>`),
  );
  await world.ask({ body: QUOTE });
  assert.equal(world.received[0]?.url, "http://other:1/x");
  assert.match(world.received[0].text, /Header><t:tok xmlns:t="urn:t">1</);
  assert.equal(headerOf(world.received[0].headers, "SOAPAction"), '"urn:act"');
  const stopped = new MediationWorld(proxy(`${script("1 > 2")}<send>${TO_BACKEND}</send>`));
  await stopped.ask({ body: QUOTE });
  assert.equal(stopped.received.length, 0);
});

test("runs a function of a script with includes", async () => {
  const world = new MediationWorld(
    `<localEntry key="lib"><![CDATA[function twice(n) { return 2 * n; }]]></localEntry>
     <localEntry key="main"><x><![CDATA[var base = twice(2);
       function transform(mc) { mc.setProperty("r", base + twice(3)); return true; }]]></x></localEntry>
     ${proxy(`<script language="js" key="main" function="transform"><include key="lib"/></script>
       <log level="custom"><property name="r" expression="$ctx:r"/></log>`)}`,
  );
  await world.ask({ body: QUOTE });
  await world.ask({ body: QUOTE });
  assert.equal(
    world.log
      .messages()
      .join("\n")
      .match(/r = 10/g)?.length,
    2,
  );
});

test("an error ends in the fault sequence, with its place", async () => {
  const world = new MediationWorld(
    proxy(
      script("\nvar x = null;\nx.y"),
      `<faultSequence><log level="custom"><property name="M" expression="get-property('ERROR_MESSAGE')"/></log></faultSequence>`,
    ),
  );
  await world.ask({ body: QUOTE });
  assert.match(
    world.log.messages().join("\n"),
    /M = The script engine returned an error executing the inlined js script function mediate : TypeError: .* in synapse-configs\/default\/synapse\.xml:3/,
  );
});

test("a script cannot make a payload that messages may not have", async () => {
  const log = await printed('mc.setPayloadXML("<!DOCTYPE a [<!ENTITY b \\"c\\">]><a>&b;</a>")');
  assert.match(log, /executing the inlined js script.*not well-formed.*synapse\.xml:1/);
});

test("artifacts with scripts that cannot run are refused with file and line", () => {
  const refused = (text: string, attributes?: string): string =>
    problems(proxy(`\n${script(text, attributes)}`));
  assert.match(
    refused("var a = 1;\nvar b = ;"),
    /cannot be read: Unexpected token.*synapse\.xml:3/,
  );
  assert.match(
    refused("\nimportPackage(java.util);"),
    /importPackage reaches Java.*synapse\.xml:3/,
  );
  assert.match(refused("load('nashorn:mozilla_compat.js');"), /load reaches Java/);
  assert.match(
    refused("x", 'language="groovy"'),
    /Scripts in groovy cannot be run here.*synapse\.xml:2/,
  );
  assert.match(refused(""), /needs a script/);
  assert.match(
    refused("x", 'language="js" key="k" function="a.b()"'),
    /no name of a JavaScript function/,
  );
  const keyed = `<localEntry key="k">new java.io.File("x")</localEntry>${proxy('<script language="js" key="k"/>')}`;
  assert.match(problems(keyed), /The script k cannot be read: java\.io reaches Java/);
});

test("a response is transformed on its way back", async () => {
  const world = new MediationWorld(
    proxy(
      `<send>${TO_BACKEND}</send>`,
      `<outSequence>${script("mc.setPayloadXML(<r>{mc.getPayloadXML()..*::last.text()}</r>)")}<send/></outSequence>`,
    ),
  );
  world.backend = () => responseOf(200, "text/xml", soap('<a xmlns="urn:a"><last>9.5</last></a>'));
  assert.match((await world.ask({ body: QUOTE })).text, /<r>9\.5<\/r>/);
});
