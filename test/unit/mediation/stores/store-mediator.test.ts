import assert from "node:assert/strict";
import { test } from "node:test";
import { JobsWorld, parameters, storingProxy } from "../jobs/jobs-world.ts";

const MAIN = '<sequence name="main"><drop/></sequence>';
const FAULT =
  '<sequence name="fault"><log level="custom"><property name="said" expression="get-property(\'ERROR_MESSAGE\')"/></log></sequence>';

function said(world: JobsWorld): readonly string[] {
  return world.log.messages().filter((line) => line.startsWith("said = "));
}

test("keeps body, properties, headers and addressing of a message and goes on with it", async () => {
  const world = new JobsWorld();
  const after = '<log level="custom"><property name="after" value="yes"/></log>';
  await world.deploy(
    '<messageStore name="S"/>' +
      storingProxy("S", '<property name="n" value="7" type="LONG"/>').replace(
        "/></in",
        `/>${after}</in`,
      ) +
      MAIN,
  );
  await world.ask('<m id="a">ä</m>');
  assert.ok(world.log.messages().includes("after = yes"));
  const stored = world.memory.queues.queue("S").take("test");
  assert.ok(stored);
  assert.deepEqual(
    stored.properties.find(([name]) => name === "n"),
    ["n", { long: "7" }],
  );
  assert.equal(stored.addressing.Action, "urn:getQuote");
  assert.ok(stored.headers.some(([name]) => name === "Content-Type"));
  assert.match(stored.body.kind === "envelope" ? stored.body.xml : "", /<m id="a">ä<\/m>/);
});

test("the store may be named by an expression, and a sequence may prepare the message", async () => {
  const world = new JobsWorld();
  await world.deploy(
    `<messageStore name="S"/><sequence name="before"><property name="p" value="1"/></sequence>${MAIN}` +
      `<proxy name="P"><target><inSequence><property name="where" value="S"/>
        <store messageStore="{get-property('where')}" sequence="before"/></inSequence></target></proxy>`,
  );
  await world.ask("<m/>");
  const stored = world.memory.queues.queue("S").take("test");
  assert.deepEqual(
    stored?.properties.find(([name]) => name === "p"),
    ["p", "1"],
  );
});

test("a store that does not exist is a fault", async () => {
  const world = new JobsWorld();
  await world.deploy(storingProxy("Nowhere") + MAIN + FAULT);
  await world.ask("<m/>");
  assert.deepEqual(said(world), ["said = Message Store does not exist : Nowhere"]);
});

test("a full store is a fault, unless a failover store takes the message", async () => {
  const world = new JobsWorld();
  const small = (more: Readonly<Record<string, string>> = {}): string =>
    `<messageStore name="S">${parameters({ "store.capacity": 1, ...more })}</messageStore>`;
  await world.deploy(small() + storingProxy("S") + MAIN + FAULT);
  await world.ask("<m/>");
  await world.ask("<m/>");
  assert.equal(said(world).length, 1);
  assert.match(said(world)[0] ?? "", /Failed to store message \[.*\] in store \[S\]/);
  assert.match(
    world.log.messages("error").join(),
    /The message store S is full: it holds 1 message/,
  );
  const failover = small({ "store.failover.message.store.name": "Spare" });
  await world.deploy(`${failover}<messageStore name="Spare"/>` + storingProxy("S") + MAIN + FAULT);
  await world.ask("<m/>");
  assert.equal(said(world).length, 1);
  assert.equal(world.memory.queues.queue("Spare").size, 1);
});

test("stores that cannot be had here are refused with a sentence that says what to use", () => {
  const world = new JobsWorld();
  for (const name of ["jms.JmsStore", "jdbc.JDBCMessageStore", "com.example.Own"])
    assert.match(
      world.problems(
        `<messageStore name="S" class="org.apache.synapse.message.store.impl.${name}"/>`,
      ),
      /is refused: .*\. Use org\.apache\.synapse.*RabbitMQStore.*RedisStore/,
    );
  assert.match(world.problems("<messageStore/>"), /name not specified/);
  assert.match(
    world.problems('<messageStore name="S" class="RabbitMQStore"/>'),
    /store\.rabbitmq\.host\.name is required/,
  );
  assert.match(
    world.problems(
      '<messageStore name="S" class="RedisStore"><parameter name="store.redis.port">0</parameter></messageStore>',
    ),
    /store\.redis\.port must be a whole number from 1 to 65535/,
  );
  assert.match(world.problems("<store/>"), /not supported|Unknown|Artifacts of kind/);
  assert.match(
    world.problems('<sequence name="x"><store/></sequence>'),
    /'messageStore' attribute is required/,
  );
});

test("priority executors are accepted and listed", async () => {
  const world = new JobsWorld();
  const result = world.compile(
    '<priority-executor name="E"><queues><queue size="10" priority="1"/></queues></priority-executor>',
  );
  assert.equal(result.kind, "compiled");
  assert.deepEqual(
    result.kind === "compiled" ? result.engine.artifacts.map(({ kind, name }) => [kind, name]) : [],
    [["priority-executor", "E"]],
  );
});
