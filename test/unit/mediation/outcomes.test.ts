import assert from "node:assert/strict";
import { test } from "node:test";
import { responseOf } from "../../helpers/stock-quote-backend.ts";
import { MediationWorld, soap } from "./mediation-world.ts";

const proxy = (name: string, inFlow: string, more = ""): string =>
  `<proxy name="${name}"><target><inSequence>${inFlow}</inSequence>${more}</target></proxy>`;
const counts = (world: MediationWorld): readonly string[] =>
  world.engine
    .outcomes()
    .map(({ kind, name, messages, faults }) => `${kind} ${name} ${messages} ${faults}`);

const FAULTY = '<sequence key="missing"/>';

test("messages and faults of each proxy service and API are counted; services without messages are there", async () => {
  const world = new MediationWorld(
    proxy("P", "<respond/>") +
      proxy("Q", FAULTY) +
      proxy("R", "<respond/>") +
      `<api name="A" context="/a"><resource methods="POST" url-mapping="/good"><inSequence><respond/></inSequence></resource><resource methods="POST" url-mapping="/bad"><inSequence>${FAULTY}</inSequence></resource></api>`,
  );
  for (const path of ["/services/P", "/services/P", "/services/Q", "/a/good", "/a/bad", "/a/bad"])
    await world.ask({ path });
  assert.deepEqual(counts(world), [
    "proxy-service P 2 0",
    "proxy-service Q 1 1",
    "proxy-service R 0 0",
    "api A 3 2",
  ]);
});

test("a fault counts where a fault sequence of the service answers it well", async () => {
  const world = new MediationWorld(proxy("P", FAULTY, "<faultSequence><respond/></faultSequence>"));
  assert.equal((await world.ask()).status, 200);
  assert.deepEqual(counts(world), ["proxy-service P 1 1"]);
});

test("one message counts one fault, however many of its copies and handlers fail", async () => {
  const copies = `<clone><target><sequence>${FAULTY}</sequence></target><target><sequence>${FAULTY}</sequence></target></clone>`;
  const world = new MediationWorld(
    proxy("P", `${copies}${FAULTY}`, `<faultSequence>${FAULTY}</faultSequence>`),
  );
  await world.ask();
  assert.deepEqual(counts(world), ["proxy-service P 1 1"]);
});

test("an endpoint that does not answer is a fault; an answer of 500 that goes through is none", async () => {
  const world = new MediationWorld(
    '<proxy name="P"><target><endpoint><address uri="http://backend/"/></endpoint></target></proxy>',
  );
  world.backend = () => responseOf(500, "text/xml", soap("<bad/>"));
  assert.equal((await world.ask()).status, 500);
  assert.deepEqual(counts(world), ["proxy-service P 1 0"]);
  world.backend = () => Promise.reject(new Error("refused"));
  await world.ask();
  assert.deepEqual(counts(world), ["proxy-service P 2 1"]);
});

test("what the engine refuses with 5xx is a fault; 404 and 405 of an API and unknown services are none", async () => {
  const wsdl =
    '<publishWSDL><definitions xmlns="http://schemas.xmlsoap.org/wsdl/" targetNamespace="urn:t"><portType name="T"><operation name="other"/></portType></definitions></publishWSDL>';
  const world = new MediationWorld(
    `<proxy name="P"><target><inSequence><respond/></inSequence></target>${wsdl}</proxy><api name="A" context="/a"><resource methods="PUT" url-mapping="/x"/></api>`,
  );
  assert.equal((await world.ask()).status, 500);
  assert.equal((await world.ask({ path: "/a/none" })).status, 404);
  assert.equal((await world.ask({ path: "/a/x" })).status, 405);
  await world.ask({ path: "/services/Unknown" });
  assert.deepEqual(counts(world), ["proxy-service P 1 1", "api A 2 0"]);
});

test("services that another server runs are not listed; a new generation counts from nothing", async () => {
  const world = new MediationWorld(
    `<proxy name="P" pinnedServers="other"><target><inSequence><respond/></inSequence></target></proxy>${proxy("Q", "<respond/>")}`,
    { serverName: "here" },
  );
  await world.ask({ path: "/services/Q" });
  assert.deepEqual(counts(world), ["proxy-service Q 1 0"]);
  const next = new MediationWorld(proxy("Q", "<respond/>"));
  assert.deepEqual(counts(next), ["proxy-service Q 0 0"]);
});
