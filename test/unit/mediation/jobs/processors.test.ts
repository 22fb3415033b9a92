import assert from "node:assert/strict";
import { test } from "node:test";
import type { EndpointResponse } from "../../../../src/mediation/engine.ts";
import { responseOf } from "../../../helpers/stock-quote-backend.ts";
import { soap } from "../mediation-world.ts";
import {
  ENDPOINT,
  forwardingProcessor,
  JobsWorld,
  parameters,
  samplingProcessor,
  storingProxy,
} from "./jobs-world.ts";

const STORE = '<messageStore name="S"/>';
const ONE_WAY = '<property name="OUT_ONLY" value="true"/>';
const MAIN = '<sequence name="main"><drop/></sequence>';
const REPLY =
  '<sequence name="reply"><log level="custom"><property name="reply" expression="name($body/*)"/></log></sequence>';

/** A log line of a sequence by name: "name = id of the message's payload". */
function saying(name: string): string {
  return `<sequence name="${name}"><log level="custom"><property name="${name}" expression="$body/*/@id"/></log></sequence>`;
}

function ids(texts: readonly string[]): readonly string[] {
  return texts.map((text) => /id="(\w+)"/.exec(text)?.[1] ?? "");
}

function empty(status: number): EndpointResponse {
  return responseOf(status, "text/plain", "");
}

function system(processor: string, more = ""): string {
  return STORE + storingProxy("S", ONE_WAY) + ENDPOINT + MAIN + processor + more;
}

test("forwards one message an interval, in order, and takes what is stored later", async () => {
  const world = new JobsWorld();
  await world.deploy(system(forwardingProcessor({ interval: 1000 })));
  for (const id of ["a", "b", "c"]) assert.equal(await world.ask(`<m id="${id}"/>`), 202);
  await world.pass(2_500);
  assert.deepEqual(ids(world.received), ["a", "b"]);
  await world.pass(2_000);
  await world.ask('<m id="d"/>');
  await world.pass(2_000);
  assert.deepEqual(ids(world.received), ["a", "b", "c", "d"]);
  await world.retire();
  assert.equal(world.clock.pendingCount, 0);
});

test("the response goes to the reply sequence", async () => {
  const world = new JobsWorld();
  const processor = forwardingProcessor({
    interval: 100,
    "message.processor.reply.sequence": "reply",
  });
  await world.deploy(STORE + storingProxy("S") + ENDPOINT + MAIN + REPLY + processor);
  await world.ask('<m id="a"/>');
  await world.ask('<m id="b"/>');
  await world.pass(1_000);
  assert.equal(world.log.messages().filter((line) => line === "reply = ok").length, 2);
});

test("a response without a reply sequence deactivates the processor and says what to do", async () => {
  const world = new JobsWorld();
  await world.deploy(
    STORE + storingProxy("S") + ENDPOINT + MAIN + forwardingProcessor({ interval: 100 }),
  );
  await world.ask('<m id="a"/>');
  await world.ask('<m id="b"/>');
  await world.pass(2_000);
  assert.deepEqual(ids(world.received), ["a"]);
  assert.ok(world.log.messages("error").some((line) => /OUT_ONLY/.test(line)));
});

test("a failed message is tried again after the retry interval, with the fault sequence each time", async () => {
  const world = new JobsWorld();
  let left = 2;
  world.backend = () => (left-- > 0 ? responseOf(503, "text/plain", "busy") : empty(202));
  const processor = forwardingProcessor({
    interval: 100,
    "client.retry.interval": 5_000,
    "message.processor.fault.sequence": "failed",
  });
  await world.deploy(STORE + storingProxy("S") + ENDPOINT + MAIN + saying("failed") + processor);
  await world.ask('<m id="a"/>');
  await world.pass(1_000);
  assert.equal(world.received.length, 1);
  await world.pass(10_000);
  assert.deepEqual(ids(world.received), ["a", "a", "a"]);
  assert.equal(world.log.messages().filter((line) => line === "failed = a").length, 2);
  await world.pass(20_000);
  assert.equal(world.received.length, 3);
});

test("after the last attempt the processor deactivates itself and keeps the message", async () => {
  const world = new JobsWorld();
  world.backend = () => responseOf(500, "text/plain", "no");
  const processor = forwardingProcessor({
    interval: 100,
    "client.retry.interval": 100,
    "max.delivery.attempts": 3,
    "message.processor.deactivate.sequence": "off",
  });
  const definitions = STORE + storingProxy("S") + ENDPOINT + MAIN + saying("off") + processor;
  await world.deploy(definitions);
  await world.ask('<m id="a"/>');
  await world.pass(5_000);
  assert.equal(world.received.length, 3);
  assert.ok(world.log.messages().includes("off = a"));
  assert.equal(world.memory.queues.queue("S").size, 1);

  await world.deploy(`${definitions}<localEntry key="k">v</localEntry>`);
  await world.pass(2_000);
  assert.equal(world.received.length, 3, "another deploy does not activate it");

  world.backend = () => empty(202);
  await world.deploy(definitions.replace('interval">100<', 'interval">200<'));
  await world.pass(2_000);
  assert.equal(world.received.length, 4, "its own deploy does");
  assert.equal(world.memory.queues.queue("S").size, 0);
});

test("max.delivery.drop puts a failed message aside and goes on with the next", async () => {
  const world = new JobsWorld();
  world.backend = (text) => empty(/id="bad"/.test(text) ? 500 : 202);
  const processor = forwardingProcessor({
    interval: 100,
    "client.retry.interval": 100,
    "max.delivery.attempts": 2,
    "max.delivery.drop": "Enabled",
    "fail.messages.store.name": "Dead",
  });
  await world.deploy(
    STORE + '<messageStore name="Dead"/>' + storingProxy("S") + ENDPOINT + MAIN + processor,
  );
  for (const id of ["bad", "good"]) await world.ask(`<m id="${id}"/>`);
  await world.pass(3_000);
  assert.deepEqual(ids(world.received), ["bad", "bad", "good"]);
  assert.equal(world.memory.queues.queue("Dead").size, 1);
  assert.equal(world.memory.queues.queue("S").size, 0);
});

test("lists of status codes move the border between delivered and failed", async () => {
  const world = new JobsWorld();
  const statuses = [404, 200, 200];
  world.backend = () => responseOf(statuses.shift() ?? 202, "text/xml", soap("<ok/>"));
  const processor = forwardingProcessor({
    interval: 100,
    "client.retry.interval": 100,
    "non.retry.status.codes": "404,400",
    "message.processor.reply.sequence": "reply",
  });
  await world.deploy(STORE + storingProxy("S") + ENDPOINT + MAIN + REPLY + processor);
  await world.ask('<m id="a"/>');
  await world.ask('<m id="b"/>');
  await world.pass(1_000);
  assert.deepEqual(ids(world.received), ["a", "b"]);
  await world.deploy(
    STORE +
      storingProxy("S") +
      ENDPOINT +
      MAIN +
      REPLY +
      processor.replace(
        "404,400</parameter>",
        `</parameter>${parameters({ "retry.http.status.codes": 200 })}`,
      ),
  );
  await world.ask('<m id="c"/>');
  await world.pass(2_000);
  assert.deepEqual(ids(world.received), ["a", "b", "c", "c"]);
});

test("a SOAP fault is a failure", async () => {
  const world = new JobsWorld();
  const fault =
    "<soapenv:Fault><faultcode>Server</faultcode><faultstring>no</faultstring></soapenv:Fault>";
  let left = 1;
  world.backend = () => (left-- > 0 ? responseOf(200, "text/xml", soap(fault)) : empty(202));
  await world.deploy(
    STORE +
      storingProxy("S") +
      ENDPOINT +
      MAIN +
      forwardingProcessor({ interval: 100, "client.retry.interval": 500 }),
  );
  await world.ask('<m id="a"/>');
  await world.pass(2_000);
  assert.equal(world.received.length, 2);
});

test("the endpoint may be named by the message; a message that names none is removed", async () => {
  const world = new JobsWorld();
  const named = '<property name="target.endpoint" value="E"/>';
  const processor = forwardingProcessor({ interval: 100 }).replace(' targetEndpoint="E"', "");
  await world.deploy(STORE + storingProxy("S", ONE_WAY + named) + ENDPOINT + MAIN + processor);
  await world.ask('<m id="a"/>');
  await world.pass(500);
  assert.deepEqual(ids(world.received), ["a"]);
  await world.deploy(STORE + storingProxy("S", ONE_WAY) + ENDPOINT + MAIN + processor);
  await world.ask('<m id="b"/>');
  await world.pass(500);
  assert.equal(world.received.length, 1);
  assert.equal(world.memory.queues.queue("S").size, 0);
});

test("is.active=false leaves the messages where they are", async () => {
  const world = new JobsWorld();
  await world.deploy(system(forwardingProcessor({ interval: 100, "is.active": "false" })));
  await world.ask('<m id="a"/>');
  await world.pass(2_000);
  assert.equal(world.received.length, 0);
  assert.equal(world.memory.queues.queue("S").size, 1);
});

test("members work side by side and none takes another's message", async () => {
  const world = new JobsWorld();
  const release = Promise.withResolvers<void>();
  world.backend = async () => {
    await release.promise;
    return empty(202);
  };
  await world.deploy(system(forwardingProcessor({ interval: 100, "member.count": 3 })));
  for (const id of ["a", "b", "c", "d"]) await world.ask(`<m id="${id}"/>`);
  await world.pass(1_000);
  assert.deepEqual(ids(world.received).toSorted(), ["a", "b", "c"]);
  release.resolve();
  await world.pass(1_000);
  assert.deepEqual(ids(world.received).toSorted(), ["a", "b", "c", "d"]);
});

test("a cron expression empties the store each time", async () => {
  const world = new JobsWorld();
  await world.deploy(system(forwardingProcessor({ cronExpression: "0/30 * * * * ?" })));
  for (const id of ["a", "b", "c"]) await world.ask(`<m id="${id}"/>`);
  await world.pass(29_000);
  assert.equal(world.received.length, 0);
  await world.pass(2_000);
  assert.deepEqual(ids(world.received), ["a", "b", "c"]);
});

test("the next generation takes over the messages of a store in memory, none lost and none doubled", async () => {
  const world = new JobsWorld();
  const definitions = system(forwardingProcessor({ interval: 500 }));
  await world.deploy(definitions);
  const sent = Array.from({ length: 12 }, (_, index) => `n${index}`);
  for (const [index, id] of sent.entries()) {
    await world.ask(`<m id="${id}"/>`);
    await world.pass(300);
    if (index % 3 === 2)
      await world.deploy(`${definitions}<localEntry key="k${index}">v</localEntry>`);
  }
  await world.pass(10_000);
  assert.deepEqual(ids(world.received), sent);
});

test("a retirement during a retry gives the message back", async () => {
  const world = new JobsWorld();
  world.backend = () => empty(500);
  await world.deploy(
    system(forwardingProcessor({ interval: 100, "client.retry.interval": 60_000 })).replace(
      ONE_WAY,
      "",
    ),
  );
  await world.ask('<m id="a"/>');
  await world.ask('<m id="b"/>');
  await world.pass(1_000);
  await world.retire();
  const queue = world.memory.queues.queue("S");
  assert.equal(queue.size, 2);
  assert.match(JSON.stringify(queue.take("test")), /id=\\"a\\"/);
});

test("a store that is not deployed any more loses its messages with a warning", async () => {
  const world = new JobsWorld();
  await world.deploy(STORE + storingProxy("S") + MAIN);
  await world.ask('<m id="a"/>');
  await world.deploy(MAIN);
  assert.ok(world.log.messages("warn").some((line) => /its 1 messages are dropped/.test(line)));
});

test("sampling runs the sequence on up to concurrency messages an interval, properties included", async () => {
  const world = new JobsWorld();
  const sampled =
    '<sequence name="sampled"><log level="custom"><property name="color" expression="get-property(\'color\')"/><property name="id" expression="$body/*/@id"/></log></sequence>';
  await world.deploy(
    STORE +
      storingProxy("S", '<property name="color" value="red"/>') +
      MAIN +
      sampled +
      samplingProcessor({ interval: 1000, concurrency: 2, sequence: "sampled" }),
  );
  for (const id of ["a", "b", "c"]) await world.ask(`<m id="${id}"/>`);
  await world.pass(1_500);
  const lines = (): readonly string[] =>
    world.log.messages().filter((line) => line.startsWith("color = red"));
  assert.equal(lines().length, 2);
  await world.pass(1_000);
  assert.deepEqual(
    lines().map((line) => line.slice(-1)),
    ["a", "b", "c"],
  );
});

test("the response of a sampled message goes to the out sequence of its proxy service", async () => {
  const world = new JobsWorld();
  const proxy = `<proxy name="P"><target><inSequence><store messageStore="S"/></inSequence>
    <outSequence><log level="custom"><property name="out" expression="name($body/*)"/></log></outSequence></target></proxy>`;
  const sampled = '<sequence name="sampled"><send><endpoint key="E"/></send></sequence>';
  await world.deploy(
    STORE +
      proxy +
      ENDPOINT +
      MAIN +
      sampled +
      samplingProcessor({ interval: 100, sequence: "sampled" }),
  );
  await world.ask('<m id="a"/>');
  await world.pass(500);
  assert.ok(world.log.messages().includes("out = ok"));
});

test("sampling takes nothing while its sequence is missing", async () => {
  const world = new JobsWorld();
  await world.deploy(
    STORE + storingProxy("S") + MAIN + samplingProcessor({ interval: 1000, sequence: "gone" }),
  );
  await world.ask('<m id="a"/>');
  await world.pass(3_000);
  assert.equal(world.memory.queues.queue("S").size, 1);
  assert.ok(world.log.messages("error").some((line) => /sequence gone is not deployed/.test(line)));
});

test("a failover processor brings messages to another store", async () => {
  const world = new JobsWorld();
  const failover = `<messageProcessor name="B" messageStore="S" class="org.apache.synapse.message.processor.impl.failover.FailoverScheduledMessageForwardingProcessor">${parameters({ interval: 100, "message.target.store.name": "Home" })}</messageProcessor>`;
  await world.deploy(STORE + '<messageStore name="Home"/>' + storingProxy("S") + MAIN + failover);
  await world.ask('<m id="a"/>');
  await world.pass(500);
  assert.equal(world.memory.queues.queue("S").size, 0);
  assert.equal(world.memory.queues.queue("Home").size, 1);
});

test("a processor without its store does not start and says why", async () => {
  const world = new JobsWorld();
  await world.deploy(forwardingProcessor({}) + ENDPOINT + MAIN);
  assert.ok(
    world.log.messages("error").some((line) => /no message store: S is not deployed/.test(line)),
  );
});

test("faulty processors are refused with a reason", () => {
  const world = new JobsWorld();
  const faulty: readonly (readonly [definition: string, reason: RegExp])[] = [
    ["<messageProcessor/>", /without a name/],
    ['<messageProcessor name="F"/>', /with out a message Store/],
    ['<messageProcessor name="F" messageStore="S"/>', /without a provider class/],
    ['<messageProcessor name="F" messageStore="S" class="a.Own"/>', /Java classes do not run here/],
    [samplingProcessor({}), /parameter sequence is required/],
    [forwardingProcessor({ interval: "soon" }), /interval must be a whole number/],
    [forwardingProcessor({ cronExpression: "soon" }), /cronExpression is faulty/],
  ];
  for (const [definition, reason] of faulty) assert.match(world.problems(definition), reason);
});
