import assert from "node:assert/strict";
import { test } from "node:test";
import { JobsWorld, TestLease } from "./jobs-world.ts";

const CLASS = 'class="org.apache.synapse.startup.tasks.MessageInjector"';

function task(trigger: string, properties = "", attributes = ""): string {
  return `<task name="T" ${CLASS} ${attributes}><trigger ${trigger}/>
    <property name="message"><m:tick xmlns:m="urn:m">1</m:tick></property>${properties}</task>`;
}

function property(name: string, value: string): string {
  return `<property name="${name}" value="${value}"/>`;
}

const TO_SEQUENCE = property("injectTo", "sequence") + property("sequenceName", "ticked");
const TICKED = `<sequence name="ticked"><send><endpoint><address uri="http://backend/s"/></endpoint></send></sequence>`;
const QUIET_MAIN = '<sequence name="main"><drop/></sequence>';

test("a simple trigger fires at once and then at its interval, as often as its count says", async () => {
  const world = new JobsWorld();
  await world.deploy(task('interval="5" count="3"', TO_SEQUENCE) + TICKED + QUIET_MAIN);
  await world.pass(100);
  assert.equal(world.received.length, 1);
  await world.pass(60_000);
  assert.equal(world.received.length, 3);
  assert.match(world.received[0] ?? "", /Envelope.*<m:tick xmlns:m="urn:m">1<\/m:tick>/);
  await world.retire();
  assert.equal(world.clock.pendingCount, 0);
});

test("once fires once, also when another generation follows", async () => {
  const world = new JobsWorld();
  const definitions = task('once="true"', TO_SEQUENCE) + TICKED + QUIET_MAIN;
  await world.deploy(definitions);
  await world.pass(3_000);
  await world.deploy(`${definitions}<localEntry key="k">v</localEntry>`);
  await world.pass(3_000);
  assert.equal(world.received.length, 1);
});

test("a deploy does not disturb the rhythm of a task that stays as it is", async () => {
  const world = new JobsWorld();
  const definitions = task('interval="10"', TO_SEQUENCE) + TICKED + QUIET_MAIN;
  await world.deploy(definitions);
  await world.pass(4_000);
  await world.deploy(definitions);
  await world.pass(4_000);
  assert.equal(world.received.length, 1);
  await world.pass(3_000);
  assert.equal(world.received.length, 2);
});

test("a task that is deployed with another text starts anew", async () => {
  const world = new JobsWorld();
  await world.deploy(task('interval="10"', TO_SEQUENCE) + TICKED + QUIET_MAIN);
  await world.pass(1_000);
  await world.deploy(task('interval="20"', TO_SEQUENCE) + TICKED + QUIET_MAIN);
  await world.pass(1_000);
  assert.equal(world.received.length, 2);
});

test("a cron trigger waits for its time", async () => {
  const world = new JobsWorld();
  await world.deploy(task('cron="0/10 * * * * ?"', TO_SEQUENCE) + TICKED + QUIET_MAIN);
  await world.pass(9_000);
  assert.equal(world.received.length, 0);
  await world.pass(21_500);
  assert.equal(world.received.length, 3);
});

test("the message takes format, address and action of the task's properties", async () => {
  const world = new JobsWorld();
  const properties =
    TO_SEQUENCE +
    property("format", "soap11") +
    property("to", "http://elsewhere/x") +
    property("soapAction", "urn:do");
  await world.deploy(
    task('once="true"', properties) + '<sequence name="ticked"><send/></sequence>' + QUIET_MAIN,
  );
  await world.pass(100);
  assert.equal(world.requests[0]?.url, "http://elsewhere/x");
  const headers = new Map(world.requests[0]?.headers.map(([name, value]) => [name, value]));
  assert.equal(headers.get("SOAPAction"), '"urn:do"');
  assert.match(headers.get("Content-Type") ?? "", /^text\/xml/);
});

test("pox messages go out as plain XML", async () => {
  const world = new JobsWorld();
  await world.deploy(
    task('once="true"', TO_SEQUENCE + property("format", "pox")) + TICKED + QUIET_MAIN,
  );
  await world.pass(100);
  assert.match(world.received[0] ?? "", /^<m:tick/);
  assert.equal(world.requests[0]?.url, "http://backend/s");
});

test("the message may go to a proxy service or, without injectTo, to main", async () => {
  const world = new JobsWorld();
  const proxied = property("injectTo", "proxy") + property("proxyName", "P");
  await world.deploy(
    task('once="true"', proxied) +
      '<proxy name="P"><target><endpoint><address uri="http://p/"/></endpoint></target></proxy>',
  );
  await world.pass(100);
  assert.match(world.received[0] ?? "", /tick/);
  await world.deploy(
    task('once="true"') +
      '<sequence name="main"><log level="custom"><property name="got" expression="name($body/*)"/></log></sequence>',
  );
  await world.pass(100);
  assert.ok(world.log.messages().includes("got = m:tick"));
});

test("a task whose sequence is missing says so and goes on", async () => {
  const world = new JobsWorld();
  await world.deploy(task('interval="1" count="2"', TO_SEQUENCE) + QUIET_MAIN);
  await world.pass(3_000);
  const said = world.log
    .messages("error")
    .filter((line) => /Sequence: ticked not found/.test(line));
  assert.equal(said.length, 2);
});

test("pinned servers keep a task from other servers", async () => {
  const world = new JobsWorld();
  world.serverName = "two";
  await world.deploy(
    task('once="true"', TO_SEQUENCE, 'pinnedServers="one, three"') + TICKED + QUIET_MAIN,
  );
  await world.pass(1_000);
  assert.equal(world.received.length, 0);
  world.serverName = "three";
  await world.deploy(
    task('once="true"', TO_SEQUENCE, 'pinnedServers="one, three"') + TICKED + QUIET_MAIN,
  );
  await world.pass(1_000);
  assert.equal(world.received.length, 1);
});

test("a task runs while the lease is held, and a node that takes over goes on where the last one was", async () => {
  const world = new JobsWorld();
  const lease = new TestLease();
  world.lease = lease;
  await world.deploy(task('interval="10" count="4"', TO_SEQUENCE) + TICKED + QUIET_MAIN);
  await world.pass(25_000);
  assert.equal(world.received.length, 0);
  lease.holders.get("task T")?.gained(lease.grant);
  await world.pass(2_000);
  assert.equal(world.received.length, 0, "three runs were another node's");
  await world.pass(60_000);
  assert.equal(world.received.length, 1);
  lease.holders.get("task T")?.lost();
  await world.retire();
  assert.equal(lease.holders.size, 0);
});

test("a task whose turn comes while the lease is in doubt waits until it is renewed, and runs nothing when it is lost", async () => {
  const world = new JobsWorld();
  const lease = new TestLease();
  world.lease = lease;
  await world.deploy(task('interval="10" count="3"', TO_SEQUENCE) + TICKED + QUIET_MAIN);
  lease.holders.get("task T")?.gained(lease.grant);
  await world.pass(1_000);
  assert.equal(world.received.length, 1);
  lease.isHeld = false;
  await world.pass(11_000);
  assert.equal(world.received.length, 1);
  lease.isHeld = true;
  await world.pass(200);
  assert.equal(world.received.length, 2);
  lease.isHeld = false;
  await world.pass(10_000);
  lease.holders.get("task T")?.lost();
  await world.pass(1_000);
  assert.equal(world.received.length, 2);
  await world.retire();
});

test("faulty tasks are refused with a reason", () => {
  const world = new JobsWorld();
  const faulty: readonly (readonly [definition: string, reason: RegExp])[] = [
    [`<task ${CLASS}/>`, /Name for a task is required/],
    [
      '<task name="T" class="com.example.Own"><trigger once="true"/></task>',
      /Java classes do not run/,
    ],
    [`<task name="T" ${CLASS}/>`, /needs a trigger/],
    [task('interval="x"'), /interval from 1 to/],
    [task('interval="1" count="many"'), /count of a trigger/],
    [task('cron="never"'), /no cron expression/],
    [task('once="true"', property("format", "soap13")), /one of soap11, soap12, pox, get/],
    [task('once="true"', property("injectTo", "proxy")), /proxyName is required/],
    [`<task name="T" ${CLASS}><trigger once="true"/></task>`, /a task needs a message/],
  ];
  for (const [definition, reason] of faulty) assert.match(world.problems(definition), reason);
});
