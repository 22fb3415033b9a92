import assert from "node:assert/strict";
import { test } from "node:test";
import { requestOf, textOf } from "../mediation-world.ts";
import { JobsWorld, parameters } from "./jobs-world.ts";

const REPLY =
  '<payloadFactory media-type="xml"><format><hello xmlns=""/></format><args/></payloadFactory><respond/>';
const SEQUENCES = `<sequence name="main"><drop/></sequence><sequence name="entry">${REPLY}</sequence>
  <sequence name="wrong"><payloadFactory media-type="xml"><format><sorry xmlns=""/></format><args/></payloadFactory><respond/></sequence>
  <sequence name="faulty"><sequence key="gone"/></sequence>`;
const PROXY =
  '<proxy name="P"><target><inSequence><payloadFactory media-type="xml"><format><proxied xmlns=""/></format><args/></payloadFactory><respond/></inSequence></target></proxy>';

function inbound(attributes: string, values: Readonly<Record<string, string | number>>): string {
  return `<inboundEndpoint name="I" ${attributes}><parameters>${parameters(values)}</parameters></inboundEndpoint>`;
}

async function ask(world: JobsWorld, path: string): Promise<string> {
  const door = world.doors.get(7000);
  assert.ok(door);
  const answer = await door.handle(requestOf({ path }));
  return textOf(answer.body);
}

test("requests at the port of an inbound endpoint go to its sequence", async () => {
  const world = new JobsWorld();
  await world.deploy(
    SEQUENCES + PROXY + inbound('protocol="http" sequence="entry"', { "inbound.http.port": 7000 }),
  );
  assert.equal(world.doors.get(7000)?.transport, "http");
  assert.match(await ask(world, "/any"), /<hello/);
  assert.match(await ask(world, "/services/P"), /<hello/);
  await world.retire();
  assert.equal(world.doors.size, 0);
});

test("paths that the dispatch filter matches go to services, the rest to the sequence", async () => {
  const world = new JobsWorld();
  const values = { "inbound.http.port": 7000, "dispatch.filter.pattern": "/services/.*" };
  await world.deploy(SEQUENCES + PROXY + inbound('protocol="http" sequence="entry"', values));
  assert.match(await ask(world, "/services/P"), /<proxied/);
  assert.match(await ask(world, "/services/Unknown"), /<hello/);
  assert.match(await ask(world, "/other"), /<hello/);
});

test("faults go to the onError sequence", async () => {
  const world = new JobsWorld();
  await world.deploy(
    SEQUENCES +
      inbound('protocol="https" sequence="faulty" onError="wrong"', { "inbound.http.port": 7000 }),
  );
  assert.equal(world.doors.get(7000)?.transport, "https");
  assert.match(await ask(world, "/"), /<sorry/);
});

test("a suspended inbound endpoint does not listen", async () => {
  const world = new JobsWorld();
  await world.deploy(
    SEQUENCES +
      inbound('protocol="http" sequence="entry" suspend="true"', { "inbound.http.port": 7000 }),
  );
  assert.equal(world.doors.size, 0);
});

test("other protocols and faulty endpoints are refused with a reason", () => {
  const world = new JobsWorld();
  for (const protocol of ["jms", "kafka", "file", "mqtt", "rabbitmq", "hl7", "ws"])
    assert.match(
      world.problems(inbound(`protocol="${protocol}" sequence="entry"`, {})),
      new RegExp(`protocol ${protocol} are refused: this engine listens on http and https only`),
    );
  assert.match(
    world.problems(inbound('protocol="http" sequence="entry"', {})),
    /inbound\.http\.port is required/,
  );
  assert.match(
    world.problems(inbound('protocol="http"', { "inbound.http.port": 70_000 })),
    /'sequence' attribute is required[^]*whole number from 1 to 65535/,
  );
});
