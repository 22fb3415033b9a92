import assert from "node:assert/strict";
import { test } from "node:test";
import { responseOf } from "../../../helpers/stock-quote-backend.ts";
import { soap } from "../mediation-world.ts";
import { address, EndpointWorld } from "./endpoint-world.ts";

const NOT_READY = /^303001 Currently , Address endpoint : \[ Name : E ] \[ State : SUSPENDED ]/;

function suspending(settings: string): string {
  return address("a", settings, 'name="E"');
}

test("an endpoint that fails is suspended for 30 s by default, and messages get 303001 without a connection", async () => {
  const world = new EndpointWorld(suspending(""));
  world.down.set("a", "refused");
  assert.match(await world.ask(), /^101503 Error connecting to the back end/);
  world.down.clear();
  world.clock.advance(29_999);
  assert.match(await world.ask(), NOT_READY);
  assert.equal(world.sent.length, 1);
  world.clock.advance(1);
  assert.match(await world.ask(), /<from>a/);
  assert.match(
    world.lines,
    /Endpoint : E with address http:\/\/a\/s will be marked SUSPENDED as it failed/,
  );
  assert.match(
    world.lines,
    /Suspending endpoint : E with address http:\/\/a\/s - current suspend duration is : 30000ms - Next retry after : \w{3} \w{3} \d\d /,
  );
  assert.match(
    world.lines,
    /Endpoint : E with address http:\/\/a\/s currently SUSPENDED will now be marked active since it processed its last message/,
  );
});

test("each further suspension is longer by the factor, up to the maximum, and success begins anew", async () => {
  const world = new EndpointWorld(
    suspending(
      "<suspendOnFailure><initialDuration>1000</initialDuration><progressionFactor>3.0</progressionFactor><maximumDuration>5000</maximumDuration></suspendOnFailure>",
    ),
  );
  world.down.set("a", "refused");
  for (const duration of [1_000, 3_000, 5_000, 5_000]) {
    await world.ask();
    assert.equal(world.states.status(world.clock)[0]?.retryInMs, duration);
    world.clock.advance(duration);
  }
  assert.match(
    world.lines,
    /last suspend duration was : 1000ms and current suspend duration is : 3000ms/,
  );
  world.down.clear();
  await world.ask();
  assert.deepEqual(world.states.status(world.clock), []);
  world.down.set("a", "refused");
  await world.ask();
  assert.equal(world.states.status(world.clock)[0]?.retryInMs, 1_000);
});

test("only listed codes suspend; an endpoint with suspendOnFailure of 0 ms is tried by each message", async () => {
  const listed = new EndpointWorld(
    suspending("<suspendOnFailure><errorCodes>101506, 101507</errorCodes></suspendOnFailure>"),
  );
  listed.down.set("a", "refused");
  assert.equal(await listed.hostsOf(3), "a a a");
  listed.down.set("a", "protocol");
  assert.equal(await listed.hostsOf(3), "a");
  const never = new EndpointWorld(
    suspending("<suspendOnFailure><initialDuration>0</initialDuration></suspendOnFailure>"),
  );
  never.down.set("a", "refused");
  assert.equal(await never.hostsOf(3), "a a a");
});

test("time-outs mark for suspension and are retried after the delay before the endpoint is suspended", async () => {
  const world = new EndpointWorld(
    suspending(
      "<timeout><duration>500</duration><responseAction>fault</responseAction></timeout><markForSuspension><retriesBeforeSuspension>2</retriesBeforeSuspension><retryDelay>100</retryDelay></markForSuspension>",
    ),
  );
  world.down.set("a", "timeout");
  assert.match(await world.ask(), /^101504 Send timeout/);
  assert.equal(world.sent[0]?.timeoutMs, 500);
  assert.match(world.lines, /is marked as TIMEOUT and will be retried : 1 more time\/s after : /);
  assert.match(await world.ask(), /State : TIMEOUT/);
  world.clock.advance(100);
  await world.ask();
  world.clock.advance(100);
  await world.ask();
  assert.match(world.lines, /but no further retries remain\. Thus it will be SUSPENDED\./);
  assert.match(await world.ask(), NOT_READY);
});

test("a time-out that discards ends the message and leaves the endpoint active", async () => {
  const world = new EndpointWorld(suspending("<timeout><duration>2000</duration></timeout>"));
  world.down.set("a", "timeout");
  assert.equal(await world.ask(), "");
  assert.match(world.lines, /dropping message after ENDPOINT_TIMEOUT of : 2 seconds/);
  assert.deepEqual(world.states.status(world.clock), []);
});

test("a duration may be an expression; what is no number gives the default", async () => {
  const endpoint = suspending("<timeout><duration>{get-property('wait')}</duration></timeout>");
  const world = new EndpointWorld(endpoint, "", '<property name="wait" value="1500"/>');
  await world.ask();
  assert.equal(world.sent[0]?.timeoutMs, 1_500);
  const wrong = new EndpointWorld(endpoint, "", '<property name="wait" value="soon"/>');
  await wrong.ask();
  assert.equal(wrong.sent[0]?.timeoutMs, undefined);
  assert.match(wrong.lines, /"soon" is no number of milliseconds/);
});

test("any response is a success, a faulty message of a client says nothing about the endpoint", async () => {
  const world = new EndpointWorld(suspending(""));
  const { answer } = world;
  world.answer = (sent) => ({ ...answer(sent), status: 503 });
  assert.equal(await world.hostsOf(2), "a a");
  const converting = new EndpointWorld(
    '<endpoint name="E"><address uri="http://a/s" format="soap12"/></endpoint>',
  );
  assert.match(await converting.ask({ body: "<broken" }), /^0 /);
  assert.match(await converting.ask(), /<from>a/);
});

test("FORCE_ERROR_ON_SOAP_FAULT makes a SOAP fault a failure of the endpoint", async () => {
  const world = new EndpointWorld(
    suspending(""),
    "",
    '<property name="FORCE_ERROR_ON_SOAP_FAULT" value="true"/>',
  );
  const fault =
    "<soapenv:Fault><faultcode>soapenv:Server</faultcode><faultstring>no</faultstring></soapenv:Fault>";
  world.answer = () => responseOf(500, "text/xml", soap(fault));
  assert.match(await world.ask(), /^500000 no/);
  assert.match(await world.ask(), NOT_READY);
});

test("the state outlives a deploy that leaves the endpoint as it is, and not one that changes it", async () => {
  const endpoint = suspending("");
  const world = new EndpointWorld(endpoint);
  world.down.set("a", "refused");
  await world.ask();
  world.deploy(endpoint, '<sequence name="other"><drop/></sequence>');
  assert.match(await world.ask(), NOT_READY);
  world.deploy(suspending("<timeout><duration>1</duration></timeout>"));
  assert.match(await world.ask(), /^101503/);
});

test("two endpoints with the same text in one file have states of their own", async () => {
  const world = new EndpointWorld(
    `<endpoint><failover>${address("a")}${address("a")}</failover></endpoint>`,
  );
  world.down.set("a", "refused");
  await world.ask();
  assert.equal(world.states.status(world.clock).length, 2);
});

test("a failure of a message that was on its way already does not prolong a suspension", async () => {
  const world = new EndpointWorld(suspending(""));
  world.down.set("a", "refused");
  await Promise.all([world.ask(), world.ask(), world.ask()]);
  assert.equal(world.lines.match(/will be marked SUSPENDED/g)?.length, 1);
});

test("an endpoint that is switched off by hand takes no messages until it is switched on", async () => {
  const world = new EndpointWorld(suspending(""));
  world.states.switchEndpoint("E", "off");
  assert.match(await world.ask(), /^303001 .*State : MAINTNENCE/);
  assert.deepEqual(world.states.status(world.clock), [{ name: "E", state: "OFF", retryInMs: 0 }]);
  world.states.switchEndpoint("E", "on");
  assert.match(await world.ask(), /<from>a/);
});
