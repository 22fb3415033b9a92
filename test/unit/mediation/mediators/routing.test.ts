import assert from "node:assert/strict";
import { test } from "node:test";
import { MediationWorld, proxy, soap, TO_BACKEND } from "../mediation-world.ts";

const MARK = (text: string): string =>
  `<payloadFactory><format><mark xmlns="">${text}</mark></format></payloadFactory>`;

async function textAfter(inSequence: string, rest = "", more = ""): Promise<string> {
  const world = new MediationWorld(proxy(inSequence, rest) + more);
  return (await world.ask()).text;
}

test("filter takes then by an XPath that finds something, else otherwise", async () => {
  const filter = (xpath: string): string =>
    `<filter xpath="${xpath}"><then>${MARK("yes")}</then><else>${MARK("no")}</else></filter><respond/>`;
  assert.match(await textAfter(filter("//symbol")), /yes/);
  assert.match(await textAfter(filter("//nothing")), /no/);
});

test("filter's pattern has to match the whole text", async () => {
  const filter = (regex: string): string =>
    `<filter source="//symbol" regex="${regex}"><then>${MARK("yes")}</then><else>${MARK("no")}</else></filter><respond/>`;
  assert.match(await textAfter(filter("I.M")), /yes/);
  assert.match(await textAfter(filter("I")), /no/);
  assert.match(await textAfter(filter("(?i)ibm")), /yes/);
});

test("filter without then runs its children, and a dropped branch stops the list", async () => {
  const world = new MediationWorld(proxy('<filter xpath="true()"><drop/></filter><respond/>'));
  assert.equal((await world.ask()).status, 202);
});

test("filter branches may be sequences by key", async () => {
  const filter = '<filter xpath="true()"><then sequence="s"/></filter><respond/>';
  assert.match(await textAfter(filter, "", `<sequence name="s">${MARK("seq")}</sequence>`), /seq/);
});

test("sequence runs by key and by an expression", async () => {
  const named = `<sequence name="s">${MARK("seq")}</sequence>`;
  assert.match(await textAfter('<sequence key="s"/><respond/>', "", named), /seq/);
  const dynamic = '<property name="k" value="s"/><sequence key="{$ctx:k}"/><respond/>';
  assert.match(await textAfter(dynamic, "", named), /seq/);
});

test("a local entry that holds a sequence can be called like one", async () => {
  const entry = `<localEntry key="e"><sequence name="inner">${MARK("entry")}</sequence></localEntry>`;
  assert.match(await textAfter('<sequence key="e"/><respond/>', "", entry), /entry/);
});

test("a sequence that calls itself is a fault, not an endless loop", async () => {
  const world = new MediationWorld(
    proxy('<sequence key="s"/>') + '<sequence name="s"><sequence key="s"/></sequence>',
  );
  assert.equal((await world.ask()).status, 202);
  assert.match(world.log.messages("warn").join("\n"), /nested deeper than 200 sequences/);
});

test("loopback moves a request to the out sequence, and ends a response", async () => {
  const flow = `${MARK("in")}<loopback/>${MARK("never")}`;
  assert.match(await textAfter(flow, "<outSequence><send/></outSequence>"), /in/);
  assert.equal(await textAfter(flow, "<outSequence><loopback/><send/></outSequence>"), "");
});

test("a text that is empty matches an empty pattern, a property that is not there matches none", async () => {
  const on = (source: string): string =>
    `<switch source="${source}"><case regex="">${MARK("empty")}</case><default>${MARK("other")}</default></switch><respond/>`;
  assert.match(await textAfter(on("string(//nothing)")), /empty/);
  assert.match(await textAfter(on("normalize-space(//nothing)")), /empty/);
  for (const source of ["get-property('x')", "$ctx:x", "get-property('transport', 'x')"])
    assert.match(await textAfter(on(source)), /other/);
});

test("call goes on with the response in request direction and answers with its status", async () => {
  const world = new MediationWorld(
    proxy(
      `<call>${TO_BACKEND}</call><log level="custom"><property name="r" expression="//ok"/></log><in>${MARK("still request")}</in><respond/>`,
      "<outSequence><drop/></outSequence>",
    ),
  );
  const answer = await world.ask();
  assert.match(answer.text, /still request/);
  assert.equal(answer.status, 200);
});

test("send gives the response to its receive sequence instead of the out sequence", async () => {
  const world = new MediationWorld(
    proxy(`<send receive="r">${TO_BACKEND}</send>`, "<outSequence><drop/></outSequence>") +
      `<sequence name="r">${MARK("received")}<send/></sequence>`,
  );
  assert.match((await world.ask()).text, /received/);
});

test("header sets and removes blocks, addressing fields and HTTP headers", async () => {
  const world = new MediationWorld(
    proxy(
      `<header name="h:a" xmlns:h="u" value="1"/><header name="h:b" xmlns:h="u" action="remove"/>` +
        `<header name="X-T" scope="transport" value="t"/><header name="Action" value="urn:other"/>` +
        `<header><k xmlns="v">2</k></header><send>${TO_BACKEND}</send>`,
    ),
  );
  await world.ask({ body: soap("<q/>", '<h:b xmlns:h="u">old</h:b>') });
  const [request] = world.received;
  assert.match(request?.text ?? "", /<h:a xmlns:h="u">1<\/h:a><k xmlns="v">2<\/k>/);
  assert.doesNotMatch(request?.text ?? "", /old/);
  assert.ok(request?.headers.some(([name, value]) => name === "X-T" && value === "t"));
  assert.ok(
    request?.headers.some(([name, value]) => name === "SOAPAction" && value === '"urn:other"'),
  );
});

test("an unprefixed SOAP header is refused in Synapse's words", () => {
  const result = new MediationWorld("").compile(proxy('<header name="Foo" value="1"/>'));
  assert.deepEqual(
    result.kind === "faulty" && result.problems[0]?.message,
    "Invalid SOAP header: Foo specified at the header mediator. All SOAP headers must be namespace qualified.",
  );
});
