import assert from "node:assert/strict";
import { test } from "node:test";
import { responseOf } from "../../../helpers/stock-quote-backend.ts";
import { soap } from "../mediation-world.ts";
import { address, EndpointWorld } from "./endpoint-world.ts";

function group(kind: string, attributes: string, ...children: readonly string[]): string {
  return `<endpoint name="G"><${kind} ${attributes}>${children.join("")}</${kind}></endpoint>`;
}

const THREE = [address("a"), address("b"), address("c")];
const ALGORITHM = "org.apache.synapse.endpoints.algorithms";

test("load balance takes turns, and tries the next child with the message as it was", async () => {
  const world = new EndpointWorld(
    group("loadbalance", "", address("a", "<enableAddressing/>"), address("b"), address("c")),
  );
  assert.equal(await world.hostsOf(4), "a b c a");
  world.down.set("b", "refused");
  assert.match(await world.ask(), /<from>c/);
  assert.equal(world.sent.at(-1)?.text, soap("<q><symbol>IBM</symbol></q>"));
  assert.match(
    world.lines,
    /Endpoint \[G] Detect a Failure in a child endpoint : Endpoint \[AnonymousEndpoint]/,
  );
  assert.equal(await world.hostsOf(4), "a c a c");
});

test("the headers, addressing and payload of a child that failed are gone at the next one", async () => {
  const world = new EndpointWorld(
    group(
      "failover",
      "",
      '<endpoint><address uri="http://a/s" format="soap12"><enableAddressing/></address><property name="X-From" value="a" scope="transport"/></endpoint>',
      address("b"),
    ),
    "",
    '<log level="full"/>',
  );
  world.down.set("a", "closed");
  assert.match(await world.ask(), /<from>b/);
  assert.match(world.sent[0]?.text ?? "", /2003\/05\/soap-envelope.*addressing/);
  assert.equal(world.sent[1]?.text, soap("<q><symbol>IBM</symbol></q>"));
  assert.ok(world.sent[0]?.headers.some(([name]) => name === "X-From"));
  assert.ok(!world.sent[1]?.headers.some(([name]) => name === "X-From"));
});

test("when all children fail the last failure is the fault, when none is ready it is 303000", async () => {
  const world = new EndpointWorld(group("loadbalance", "", ...THREE));
  for (const host of ["a", "b", "c"]) world.down.set(host, "refused");
  assert.match(await world.ask(), /^101503 Error connecting to the back end/);
  assert.equal(world.sent.length, 3);
  assert.match(await world.ask(), /^303000 Loadbalance endpoint : G - no ready child endpoints/);
  assert.equal(world.sent.length, 3);
});

test('failover="false" gives the failure to the client, and the body is not read into memory', async () => {
  const world = new EndpointWorld(group("loadbalance", 'failover="false"', ...THREE));
  world.down.set("a", "refused");
  assert.match(await world.ask(), /^101503/);
  assert.equal(await world.hostsOf(3), "b c b");
});

test("weights are properties of the children", async () => {
  const weighted = (host: string, weight: number): string =>
    `<endpoint><address uri="http://${host}/s"/><property name="loadbalance.weight" value="${weight}"/></endpoint>`;
  const world = new EndpointWorld(
    group(
      "loadbalance",
      `algorithm="${ALGORITHM}.WeightedRoundRobin"`,
      weighted("a", 2),
      weighted("b", 1),
    ),
  );
  assert.equal(await world.hostsOf(6), "a a b a a b");
  const least = new EndpointWorld(
    group(
      "loadbalance",
      `algorithm="${ALGORITHM}.WeightedRRLCAlgorithm"`,
      weighted("a", 1),
      weighted("b", 3),
    ),
  );
  assert.equal(await least.hostsOf(5), "b b b a b");
});

test("failover stays with the first ready child, and goes back to it; dynamic=false stays where it is", async () => {
  for (const [attribute, after] of [
    ["", "a a"],
    ['dynamic="false"', "b b"],
  ] as const) {
    const world = new EndpointWorld(group("failover", attribute, ...THREE));
    assert.equal(await world.hostsOf(2), "a a");
    world.down.set("a", "refused");
    assert.equal(await world.hostsOf(2), "a b b");
    world.down.clear();
    world.clock.advance(30_000);
    assert.equal(await world.hostsOf(2), after);
  }
});

test("retryConfig says which failures are tried on another child", async () => {
  const disabled = new EndpointWorld(
    group(
      "failover",
      "",
      address(
        "a",
        "<retryConfig><disabledErrorCodes>101503,101504</disabledErrorCodes></retryConfig>",
      ),
      address("b"),
    ),
  );
  disabled.down.set("a", "refused");
  assert.match(await disabled.ask(), /^101503/);
  assert.match(
    disabled.lines,
    /one of the child endpoints encounterd a non-retry error, not sending message to another endpoint/,
  );
  const enabled = new EndpointWorld(
    group(
      "failover",
      "",
      address("a", "<retryConfig><enabledErrorCodes>101503</enabledErrorCodes></retryConfig>"),
      address("b"),
    ),
  );
  enabled.down.set("a", "refused");
  assert.match(await enabled.ask(), /<from>b/);
});

test("a child in TIMEOUT without delay is tried again before another one", async () => {
  const world = new EndpointWorld(
    group(
      "failover",
      "",
      address(
        "a",
        "<timeout><duration>5</duration><responseAction>fault</responseAction></timeout><markForSuspension><retriesBeforeSuspension>2</retriesBeforeSuspension><retryDelay>0</retryDelay></markForSuspension>",
      ),
      address("b"),
    ),
  );
  world.down.set("a", "timeout");
  assert.equal(await world.hostsOf(1), "a a a b");
});

test("a child that fails without leaving ACTIVE is not tried twice by one message", async () => {
  const never = "<suspendOnFailure><errorCodes>1</errorCodes></suspendOnFailure>";
  const world = new EndpointWorld(group("failover", "", address("a", never), address("b", never)));
  world.down.set("a", "refused");
  world.down.set("b", "refused");
  assert.equal(await world.hostsOf(1), "a b");
});

test("a SOAP fault is tried on another child where FORCE_ERROR_ON_SOAP_FAULT asks for it", async () => {
  const force = '<property name="FORCE_ERROR_ON_SOAP_FAULT" value="true"/>';
  const fault = soap(
    "<soapenv:Fault><faultcode>soapenv:Server</faultcode><faultstring>no</faultstring></soapenv:Fault>",
  );
  const world = new EndpointWorld(group("failover", "", ...THREE), "", force);
  const { answer } = world;
  world.answer = (sent) => (sent.host === "a" ? responseOf(500, "text/xml", fault) : answer(sent));
  assert.match(await world.ask(), /<from>b/);
  const kept = new EndpointWorld(
    group("failover", "", ...THREE),
    "",
    `${force}<property name="RETRY_ON_SOAPFAULT" value="false"/>`,
  );
  kept.answer = world.answer;
  assert.match(await kept.ask(), /^500000 no/);
  assert.equal(kept.sent.length, 1);
});

test("groups hold groups and references, and a group that holds itself is a fault", async () => {
  const world = new EndpointWorld(
    group(
      "failover",
      "",
      group("loadbalance", "", address("a"), address("b")),
      '<endpoint key="named"/>',
    ),
    address("d", "", 'name="named"'),
  );
  world.down.set("a", "refused");
  world.down.set("b", "refused");
  assert.match(await world.ask(), /<from>d/);
  assert.equal(await world.hostsOf(1), "d");
  const circle = new EndpointWorld(
    '<endpoint key="g"/>',
    '<endpoint name="g"><failover><endpoint key="g"/></failover></endpoint>',
  );
  assert.match(await circle.ask(), /^(?:303000|305100) /);
});

test("members take the path of To, the port of the client's transport, and come back soon after a failure", async () => {
  const world = new EndpointWorld(
    group(
      "loadbalance",
      "",
      '<member hostName="h1" httpPort="9001" httpsPort="9005"/>',
      '<member hostName="h2" httpPort="9002"/>',
    ),
  );
  assert.equal(await world.hostsOf(2, { path: "/services/P" }), "h1:9001 h2:9002");
  assert.equal(world.sent[0]?.url, "http://h1:9001/services/P");
  world.down.set("h1:9001", "refused");
  assert.equal(await world.hostsOf(2), "h1:9001 h2:9002 h2:9002");
  world.down.clear();
  world.clock.advance(1_000);
  assert.equal(await world.hostsOf(2), "h1:9001 h2:9002");
  await world.ask({ transport: "https" });
  assert.equal(world.sent.at(-1)?.url, "https://h1:9005/services/P");
});

test("the sequence in onError handles the faults of an endpoint, and only those", async () => {
  const handler =
    '<sequence name="handler"><payloadFactory media-type="text"><format>handled</format><args/></payloadFactory><respond/></sequence>';
  const world = new EndpointWorld(address("a", "", 'onError="handler"'), handler);
  world.down.set("a", "refused");
  assert.equal(await world.ask(), "handled");
});
