import assert from "node:assert/strict";
import { test } from "node:test";
import { MediationWorld, proxy, soap, TO_BACKEND } from "../mediation-world.ts";

const MARK = (text: string): string =>
  `<payloadFactory><format><mark xmlns="">${text}</mark></format></payloadFactory>`;
const LOG = (name: string, expression: string): string =>
  `<log level="custom"><property name="${name}" expression="${expression}"/></log>`;

async function answerOf(inSequence: string, more = "", body?: string): Promise<string> {
  const world = new MediationWorld(proxy(inSequence) + more);
  return (await world.ask(body === undefined ? {} : { body })).text;
}

function problemsOf(mediators: string): string {
  const result = new MediationWorld("").compile(proxy(mediators));
  return result.kind === "faulty" ? result.problems.map(({ message }) => message).join("\n") : "";
}

test("switch takes the first case that matches wholly, else the default, else goes on", async () => {
  const choose = (cases: string): Promise<string> =>
    answerOf(`<switch source="//symbol">${cases}</switch><respond/>`);
  const cases = `<case regex="IB">${MARK("part")}</case><case regex="I.*">${MARK("whole")}</case>`;
  assert.match(await choose(cases), /whole/);
  assert.match(
    await choose(`<case regex="X">${MARK("x")}</case><default>${MARK("none")}</default>`),
    /none/,
  );
  assert.match(await choose('<case regex="X"/>'), /IBM/);
  assert.match(problemsOf("<switch/>"), /'source' XPath attribute is required/);
  assert.match(
    problemsOf('<switch source="//a"><case/></switch>'),
    /'regex' attribute is required/,
  );
});

test("a property that is not there matches no case, not even .*", async () => {
  const flow = `<switch source="get-property('none')"><case regex=".*">${MARK("case")}</case><default>${MARK("default")}</default></switch><respond/>`;
  assert.match(await answerOf(flow), /default/);
});

test("router stops behind a route that breaks, and goes on only with continueAfter", async () => {
  const route = (expression: string, inside: string, more = ""): string =>
    `<route expression="${expression}" ${more}><target><sequence>${inside}</sequence></target></route>`;
  const log = (name: string): string => LOG(name, "'hit'");
  const world = new MediationWorld(
    proxy(
      `<router continueAfter="true">${route("//none", log("none"))}${route("//symbol", `${log("first")}<drop/>`, 'breakRouter="false"')}${route("//symbol", log("second"), 'match="IBM"')}${route("//symbol", log("third"))}</router><respond/>`,
    ),
  );
  assert.match((await world.ask()).text, /IBM/);
  const lines = world.log.messages("info").join("\n");
  assert.match(lines, /first = hit[^]*second = hit/);
  assert.doesNotMatch(lines, /none = hit|third = hit/);
  assert.equal(await answerOf(`<router>${route("//symbol", "")}</router><respond/>`), "");
  assert.match(problemsOf("<router><route expression='//a'/></router>"), /'target' element/);
});

test("conditionalRouter asks conditions on the message", async () => {
  const route = (condition: string, name: string): string =>
    `<conditionalRoute><condition>${condition}</condition><target><sequence>${MARK(name)}</sequence></target></conditionalRoute>`;
  const flow = (condition: string): Promise<string> =>
    answerOf(
      `<property name="p" value="v"/><conditionalRouter continueAfter="true">${route(condition, "hit")}</conditionalRouter><respond/>`,
    );
  assert.match(await flow('<match type="url" regex=".*/P"/>'), /hit/);
  assert.match(await flow('<equal type="property" source="p" value="v"/>'), /hit/);
  assert.match(
    await flow(
      '<and><match type="header" source="Content-Type" regex="text/.*"/><not><equal type="property" source="p" value="w"/></not></and>',
    ),
    /hit/,
  );
  assert.doesNotMatch(await flow('<equal type="property" source="none" value="v"/>'), /hit/);
});

test("an asynchronous route gets a copy, whose changes the message does not see", async () => {
  const flow = `<conditionalRouter continueAfter="true"><conditionalRoute asynchronous="true"><condition><match type="url" regex=".*"/></condition><target><sequence>${MARK("copy")}<drop/></sequence></target></conditionalRoute></conditionalRouter><respond/>`;
  assert.match(await answerOf(flow), /IBM/);
});

test("foreach puts what its sequence makes of each element in its place", async () => {
  const flow = `<foreach id="f" expression="//symbol"><sequence><property name="seen" expression="concat(get-property('seen'), //symbol)"/><payloadFactory><format><s xmlns="">$1</s></format><args><arg expression="//symbol"/></args></payloadFactory></sequence></foreach>${LOG("COUNT", "concat(get-property('f_FOREACH_COUNTER'), get-property('seen'))")}<respond/>`;
  const world = new MediationWorld(proxy(flow));
  const body = soap("<q><symbol>A</symbol><symbol>B</symbol><end/></q>");
  const answer = await world.ask({ body });
  assert.match(answer.text, /<q><end\/><s>A<\/s><s>B<\/s><\/q>/);
  assert.match(world.log.messages("info").join("\n"), /COUNT = 2AB/);
});

test("foreach without a match changes nothing; send inside is refused", async () => {
  assert.match(
    await answerOf('<foreach expression="//none"><sequence/></foreach><respond/>'),
    /IBM/,
  );
  assert.match(
    problemsOf('<foreach expression="//a"><sequence><send/></sequence></foreach>'),
    /must not contain send/,
  );
  assert.match(problemsOf("<foreach><sequence/></foreach>"), /'expression' attribute/);
  const deeper = '<filter xpath="true()"><call/></filter>';
  assert.equal(
    problemsOf(`<foreach expression="//a"><sequence>${deeper}</sequence></foreach>`),
    "",
  );
});

test("foreach over a JSON array replaces its items", async () => {
  const flow =
    '<foreach expression="json-eval($.list)"><sequence><payloadFactory media-type="json"><format>{"m": $1}</format><args><arg evaluator="json" expression="$.n"/></args></payloadFactory></sequence></foreach><respond/>';
  const world = new MediationWorld(proxy(flow));
  const headers = { "Content-Type": "application/json" };
  const answer = await world.ask({ headers, body: '{"list":[{"n":1},{"n":2}],"k":true}' });
  assert.deepEqual(JSON.parse(answer.text), { list: [{ m: 1 }, { m: 2 }], k: true });
});

test("call-template gives a template its own parameters, also inside another template", async () => {
  const templates = `<template name="outer"><parameter name="p"/><sequence><call-template target="inner"><with-param name="p" value="{concat($func:p, '!')}"/></call-template>${LOG("OUTER", "$func:p")}</sequence></template><template name="inner"><parameter name="p"/><parameter name="d" defaultValue="def"/><sequence>${LOG("INNER", "concat($func:p, get-property('func', 'd'), $func:undeclared)")}</sequence></template>`;
  const flow =
    '<call-template target="outer"><with-param name="p" value="{{//symbol}}"/><with-param name="undeclared" value="x"/></call-template><respond/>';
  const world = new MediationWorld(proxy(flow) + templates);
  await world.ask();
  const lines = world.log.messages("info").join("\n");
  assert.match(lines, /INNER = IBM!def\n/);
  assert.match(lines, /OUTER = IBM(?!!)/);
});

test("the response to a send inside a template still has the template's parameters", async () => {
  const template = `<template name="t"><parameter name="p"/><sequence><send>${TO_BACKEND}</send></sequence></template>`;
  const call = '<call-template target="t"><with-param name="p" value="given"/></call-template>';
  const world = new MediationWorld(
    proxy(call, `<outSequence>${LOG("OUT", "$func:p")}<send/></outSequence>`) + template,
  );
  await world.ask();
  assert.deepEqual(world.log.messages("info"), ["OUT = given"]);
});

test("a missing template is a fault; a faulty one is refused", async () => {
  const world = new MediationWorld(proxy('<call-template target="none"/>'));
  assert.equal((await world.ask()).status, 202);
  assert.match(world.log.messages("warn").join("\n"), /Sequence template none cannot be found\./);
  const result = world.compile('<template name="t"><parameter name="p"/></template>');
  assert.equal(result.kind, "faulty");
});

test("a template's parameters are gone behind it, even behind a fault", async () => {
  const template =
    '<template name="t"><parameter name="p"/><sequence><sequence key="none"/></sequence></template>';
  const fault = `<faultSequence>${LOG("LEFT", "concat('[', $func:p, ']')")}</faultSequence>`;
  const world = new MediationWorld(
    `<proxy name="P"><target><inSequence><call-template target="t"><with-param name="p" value="v"/></call-template></inSequence>${fault}</target></proxy>${template}`,
  );
  await world.ask();
  assert.match(world.log.messages("info").join("\n"), /LEFT = \[\]/);
});

test("propertyGroup sets its properties; a property's XML child stays XML", async () => {
  const flow = `<propertyGroup><property name="a" value="1"/><property name="b"><x xmlns=""><y/></x></property></propertyGroup>${LOG("GROUP", "concat($ctx:a, count($ctx:b/y))")}<respond/>`;
  const world = new MediationWorld(proxy(flow));
  await world.ask();
  assert.match(world.log.messages("info").join("\n"), /GROUP = 11/);
});

test("what is written to the registry can be read on this node, with a warning at deployment", async () => {
  const flow = `<property name="conf:/a/b" scope="registry" value="kept"/>${LOG("REG", "get-property('registry', 'conf:/a/b')")}<respond/>`;
  const world = new MediationWorld(proxy(flow));
  await world.ask();
  assert.match(world.log.messages("info").join("\n"), /REG = kept/);
  assert.match(world.warnings.join("\n"), /do not write the registry/);
});

test("drop leaves the body for mediators that go on all the same", async () => {
  const flow = `<router continueAfter="true"><route expression="//symbol"><target><sequence><drop/></sequence></target></route></router><send>${TO_BACKEND}</send>`;
  const world = new MediationWorld(proxy(flow));
  await world.ask();
  assert.match(world.received[0]?.text ?? "", /IBM/);
});
