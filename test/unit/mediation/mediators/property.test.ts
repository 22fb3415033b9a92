import assert from "node:assert/strict";
import { test } from "node:test";
import { headerOf, MediationWorld, proxy, soap, TO_BACKEND } from "../mediation-world.ts";

/** What a log line shows of `expression` after the mediators ran. */
async function shown(mediators: string, expression: string, ask = {}): Promise<string | undefined> {
  const log = `<log level="custom"><property name="v" expression="${expression}"/></log>`;
  const world = new MediationWorld(proxy(mediators + log));
  await world.ask(ask);
  return world.log.lines.find((line) => line.component === "LogMediator")?.message.slice(4);
}

test("a value is read back from the scope it was set in", async () => {
  for (const [scope, expression] of [
    ["default", "$ctx:p"],
    ["default", "get-property('p')"],
    ["axis2", "$axis2:p"],
    ["axis2-client", "get-property('axis2','p')"],
    ["operation", "$operation:p"],
    ["transport", "$trp:P"],
  ] as const) {
    const set = `<property name="p" value="x" scope="${scope}"/>`;
    assert.equal(await shown(set, expression), "x", `${scope} ${expression}`);
    const removed = `${set}<property name="p" scope="${scope}" action="remove"/>`;
    assert.equal(await shown(removed, expression), "", `${scope} removed`);
  }
});

test("an expression, a pattern with a group and XML children give values", async () => {
  assert.equal(await shown('<property name="p" expression="//symbol"/>', "$ctx:p"), "IBM");
  const grouped = '<property name="p" value="a-42" pattern="(.)-([0-9]+)" group="2"/>';
  assert.equal(await shown(grouped, "$ctx:p"), "42");
  const unmatched = '<property name="p" value="xa-42" pattern="(.)-([0-9]+)" group="2"/>';
  assert.equal(await shown(unmatched, "$ctx:p"), "");
  const xml = '<property name="p" type="OM"><a xmlns=""><b>7</b></a></property>';
  assert.equal(await shown(xml, "$ctx:p/b"), "7");
});

test("typed values keep Java's words", async () => {
  const typed = (type: string, value: string): string =>
    `<property name="p" type="${type}" value="${value}"/>`;
  assert.equal(await shown(typed("BOOLEAN", "TRUE"), "$ctx:p"), "true");
  assert.equal(await shown(typed("BOOLEAN", "on"), "$ctx:p"), "false");
  assert.equal(await shown(typed("LONG", "9007199254740993"), "$ctx:p"), "9007199254740993");
  assert.equal(await shown(typed("DOUBLE", "123123.123123"), "$ctx:p"), "123123.123123");
});

test("a number that is none is a fault with Synapse's sentence", async () => {
  const world = new MediationWorld(proxy('<property name="p" type="SHORT" value="40000"/>'));
  assert.equal((await world.ask()).status, 202);
  assert.match(world.log.messages("warn").join("\n"), /Unknown type : SHORT or the property value/);
});

test("default properties survive a hop, axis2 properties do not", async () => {
  const set = '<property name="d" value="1"/><property name="a" value="2" scope="axis2"/>';
  const out =
    '<outSequence><log level="custom"><property name="v" expression="concat($ctx:d, \'/\', $axis2:a)"/></log><send/></outSequence>';
  const world = new MediationWorld(proxy(`${set}<send>${TO_BACKEND}</send>`, out));
  await world.ask();
  assert.ok(world.log.messages("info").includes("v = 1/"));
});

test("transport properties become headers of the endpoint request, without line breaks", async () => {
  const set = '<property name="X-A" value="one&#13;&#10;X-B: two" scope="transport"/>';
  const world = new MediationWorld(proxy(`${set}<send>${TO_BACKEND}</send>`));
  await world.ask();
  assert.equal(headerOf(world.received[0]?.headers ?? [], "X-A"), "one X-B: two");
  assert.equal(headerOf(world.received[0]?.headers ?? [], "X-B"), undefined);
});

test("setting RESPONSE turns the message into the answer", async () => {
  const world = new MediationWorld(proxy('<property name="RESPONSE" value="true"/><send/>'));
  const answer = await world.ask({ body: soap("<q/>") });
  assert.equal(answer.status, 200);
  assert.equal(world.received.length, 0);
});

test("properties without what they need are refused in Synapse's words", () => {
  const world = new MediationWorld("");
  for (const [mediator, message] of [
    [
      '<property value="x"/>',
      "The 'name' attribute is required for the configuration of a property mediator",
    ],
    [
      '<property name="p"/>',
      "Either a child element or one of 'value', 'expression' attributes is required for a property mediator when action is SET",
    ],
    [
      '<property name="p" value="x" group="1"/>',
      "group is only allowed when a pattern is specified",
    ],
    [
      '<property name="p" value="x" scope="moon"/>',
      "Only 'default' or 'axis2' or 'axis2-client' or 'transport' or 'operation' or 'registry' values are allowed for attribute scope for a property mediator, Unsupported scope moon",
    ],
  ] as const) {
    const result = world.compile(proxy(mediator));
    assert.deepEqual(result.kind === "faulty" && result.problems.map((p) => p.message), [message]);
  }
});

test("a child element wins over an expression", async () => {
  const set = '<property name="p" expression="//symbol"><a xmlns="">1</a></property>';
  assert.equal(await shown(set, "$ctx:p"), "1");
});

test("$url finds a parameter in any case and leaves + as it is; $ctx finds no local entry", async () => {
  const path = "/services/P?Name=a+b%20c&flag";
  assert.equal(await shown("", "$url:name", { path }), "a+b c");
  assert.equal(await shown("", "$url:flag", { path }), "");
  const world = new MediationWorld(
    `<localEntry key="entry">text</localEntry>${proxy('<log level="custom"><property name="v" expression="concat($ctx:entry, \'|\', get-property(\'entry\'))"/></log>')}`,
  );
  await world.ask();
  assert.deepEqual(world.log.messages("info"), ["v = |text"]);
});

test("SYSTEM_DATE has Java's short form, or a pattern behind the scope too", async () => {
  const short = await shown("", "get-property('SYSTEM_DATE')");
  assert.match(short ?? "", /^\d{1,2}\/\d{1,2}\/23 \d{1,2}:\d\d [AP]M$/);
  assert.equal(await shown("", "get-property('default','SYSTEM_DATE','yyyy')"), "2023");
});

test("a text of type OM becomes the element that it holds", async () => {
  const text = "&lt;a xmlns=''&gt;&lt;b&gt;1&lt;/b&gt;&lt;/a&gt;";
  const count = await shown(`<property name="p" value="${text}" type="OM"/>`, "count($ctx:p/b)");
  assert.equal(count, "1.0");
  assert.equal(await shown('<property name="p" value="x" type="OM"/>', "$ctx:p"), "x");
});

test("a group that a pattern does not have is the whole of the value", async () => {
  const set = '<property name="p" value="ab" pattern="(a)b" group="2"/>';
  assert.equal(await shown(set, "$ctx:p"), "ab");
});
