import assert from "node:assert/strict";
import { test } from "node:test";
import { responseOf } from "../../../helpers/stock-quote-backend.ts";
import { SYNAPSE } from "../mediation-world.ts";
import { address, EndpointWorld } from "./endpoint-world.ts";

const TEMPLATE = `<template name="T"><parameter name="wait"/><parameter name="form"/>
  <endpoint name="$name"><address uri="$uri" format="$form"><timeout><duration>$wait</duration><responseAction>fault</responseAction></timeout></address></endpoint></template>`;

function instance(wait: string): string {
  return `<endpoint name="I" template="T" uri="http://a/t"><parameter name="wait" value="${wait}"/><parameter name="form" value="soap12"/></endpoint>`;
}

test("a template makes an endpoint of name, uri and parameters, with a state of its own", async () => {
  const world = new EndpointWorld(instance("700"), TEMPLATE);
  world.down.set("a", "refused");
  await world.ask();
  const [sent] = world.sent;
  assert.deepEqual([sent?.url, sent?.timeoutMs], ["http://a/t", 700]);
  assert.match(sent?.text ?? "", /2003\/05\/soap-envelope/);
  assert.match(await world.ask(), /^303001 .*Name : I ]/);
});

test("parameters that make no endpoint are refused, a template that is missing is a fault of the message", async () => {
  const world = new EndpointWorld('<endpoint template="none"/>');
  assert.match(
    await world.ask(),
    /^305100 Couldn't retrieve the endpoint template with the key:none/,
  );
  assert.match(
    world.problems(`${TEMPLATE}${instance("soon")}`),
    /The template T makes no endpoint of its parameters: Endpoint timeout duration expected/,
  );
  assert.match(world.warnings(instance("1")), /Template T cannot be found for the endpoint/);
});

test("a key may come from an expression, and one that names nothing is 305100", async () => {
  const world = new EndpointWorld(
    `<endpoint key-expression="get-property('where')"/>`,
    address("b", "", 'name="there"'),
    '<property name="where" value="there"/>',
  );
  assert.match(await world.ask(), /<from>b/);
  const missing = new EndpointWorld('<endpoint key="none"/>');
  assert.equal(await missing.ask(), "305100 Couldn't find the endpoint with the key : none");
});

function wsdl(location: string): string {
  return `<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap12="http://schemas.xmlsoap.org/wsdl/soap12/"><wsdl:service name="S"><wsdl:port name="P12"><soap12:address location="${location}"/></wsdl:port></wsdl:service></wsdl:definitions>`;
}

test("a WSDL in place gives address and form", async () => {
  const world = new EndpointWorld(
    `<endpoint><wsdl service="S" port="P12">${wsdl("http://a/w")}</wsdl></endpoint>`,
  );
  await world.ask();
  assert.equal(world.sent[0]?.url, "http://a/w");
  assert.match(world.sent[0]?.text ?? "", /2003\/05\/soap-envelope/);
});

test("a WSDL on a server is read once, when the first message comes, and again after a failure", async () => {
  const world = new EndpointWorld(
    '<endpoint><wsdl service="S" port="P12" uri="http://w/s?wsdl"/></endpoint>',
  );
  const { answer } = world;
  world.answer = (sent) => (sent.host === "w" ? responseOf(404, "text/plain", "") : answer(sent));
  assert.match(
    await world.ask(),
    /^303002 Could not read the WSDL endpoint http:\/\/w\/s\?wsdl : the answer has the status 404/,
  );
  world.answer = (sent) =>
    sent.host === "w" ? responseOf(200, "text/xml", wsdl("http://a/w")) : answer(sent);
  assert.equal(await world.hostsOf(2), "w a a");
});

test("each recipient gets a copy and its response goes to the client once", async () => {
  const list = `<endpoint><recipientlist>${address("a")}${address("b")}</recipientlist></endpoint>`;
  const world = new EndpointWorld(list);
  assert.match(await world.ask(), /<from>a|<from>b/);
  assert.deepEqual(world.sent.map(({ host }) => host).toSorted(), ["a", "b"]);
  world.down.set("a", "refused");
  world.sent.length = 0;
  await world.ask();
  assert.equal(await world.hostsOf(1), "b");
});

test("recipients may be named by an expression, and keep their state", async () => {
  const world = new EndpointWorld(
    `<endpoint><recipientlist><endpoints value="{get-property('to')}" max-cache="2"/></recipientlist></endpoint>`,
    "",
    '<property name="to" value="http://a/1, http://b/2,"/>',
  );
  world.down.set("a", "refused");
  await world.ask();
  assert.deepEqual(world.sent.map(({ url }) => url).toSorted(), ["http://a/1", "http://b/2"]);
  assert.equal(await world.hostsOf(1), "b");
  world.down.set("b", "refused");
  await world.ask();
  assert.match(
    await world.ask(),
    /^303000 Recipient List endpoint : AnonymousEndpoint - no ready child endpoints/,
  );
});

test("call takes the first response of a recipient list", async () => {
  const list = `<endpoint><recipientlist>${address("a")}${address("b")}</recipientlist></endpoint>`;
  const world = new EndpointWorld("", "", `<call>${list}</call><respond/>`);
  assert.match(await world.ask(), /<from>a/);
});

test("what is faulty is refused with a sentence that says what to do", () => {
  const world = new EndpointWorld("");
  const table: readonly (readonly [inner: string, problem: RegExp])[] = [
    ["<dynamicLoadbalance/>", /list them as <member hostName/],
    ["<loadbalance/>", /A LoadbalanceEndpoint must have child elements/],
    ["<failover/>", /A FailOver must have child elements/],
    ["<recipientlist/>", /does not have any child\/member\/dynamic endpoint elements/],
    [
      '<loadbalance algorithm="a.B"><member hostName="h"/></loadbalance>',
      /Cannot instantiate LoadbalanceAlgorithm implementation class a\.B/,
    ],
    [
      '<loadbalance policy="x"><member hostName="h"/></loadbalance>',
      /Unsupported algorithm x specified/,
    ],
    [
      '<loadbalance><member hostName="h" httpPort="x"/></loadbalance>',
      /should be a port number : x/,
    ],
    [
      '<session type="x"/><loadbalance><member hostName="h"/></loadbalance>',
      /Unknown session type "x"/,
    ],
    [
      '<failover><endpoint key="a"/><endpoint key="a"/></failover>',
      /Same endpoint definition cannot be used/,
    ],
    [
      '<address uri="http://h"><enableSec/></address>',
      /enableSec \(WS-Security\) is not supported/,
    ],
    [
      '<address uri="http://h"><enableAddressing version="x"/></address>',
      /'final' and 'submission' only/,
    ],
    [
      '<address uri="http://h"><timeout><responseAction>x</responseAction></timeout></address>',
      /Invalid timeout action/,
    ],
    [
      '<address uri="http://h"><suspendOnFailure><errorCodes>1,x</errorCodes></suspendOnFailure></address>',
      /valid numbers separated by commas : x/,
    ],
    ['<wsdl service="S" port="P" uri="file:x.wsdl"/>', /cannot be read: put it in place/],
    [`<wsdl service="S" port="none">${wsdl("http://a/")}</wsdl>`, /no service S with a port none/],
    ['<http uri-template="http://h"><authentication/></http>', /set the Authorization header/],
    ["", /Invalid endpoint configuration\./],
  ];
  for (const [inner, problem] of table)
    assert.match(world.problems(`<endpoint name="e">${inner}</endpoint>`), problem);
  assert.match(
    world.warnings(
      '<endpoint name="e"><address uri="http://h" optimize="mtom"><suspendDurationOnFailure>60</suspendDurationOnFailure></address></endpoint>',
    ),
    /optimize="mtom" has no effect[^]*deprecated style/,
  );
});

test("a registry resource may be an endpoint", async () => {
  const world = new EndpointWorld('<endpoint key="conf:/ep/b.xml"/>', "", "", [
    {
      path: "registry/config/ep/b.xml",
      content: Buffer.from(`<endpoint xmlns="${SYNAPSE}"><address uri="http://b/r"/></endpoint>`),
    },
  ]);
  assert.match(await world.ask(), /<from>b/);
});
