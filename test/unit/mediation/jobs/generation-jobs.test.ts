import assert from "node:assert/strict";
import { test } from "node:test";
import type { EndpointResponse } from "../../../../src/mediation/engine.ts";
import { responseOf } from "../../../helpers/stock-quote-backend.ts";
import {
  ENDPOINT,
  forwardingProcessor,
  JobsWorld,
  samplingProcessor,
  storingProxy,
} from "./jobs-world.ts";

const ONE_WAY = '<property name="OUT_ONLY" value="true"/>';
const SAMPLES =
  '<messageStore name="S2"/><sequence name="q"><send><endpoint key="E"/></send></sequence>';

function definitions(more = ""): string {
  return `<messageStore name="S"/>${ENDPOINT}${storingProxy("S", ONE_WAY)}${forwardingProcessor({ interval: 10 })}${more}`;
}

test("a processor that hangs at its endpoint holds up its own successor and no other job", async () => {
  const world = new JobsWorld();
  const hung = Promise.withResolvers<EndpointResponse>();
  world.backend = () => hung.promise;
  const first = await world.deploy(definitions());
  await world.ask("<m>1</m>");
  await world.pass(100);
  assert.equal(world.received.length, 1);

  const result = world.compile(
    definitions(
      `${SAMPLES}<inboundEndpoint name="I" protocol="http" sequence="q"><parameters><parameter name="inbound.http.port">9001</parameter></parameters></inboundEndpoint>${samplingProcessor({ sequence: "q" })}`,
    ),
  );
  assert.equal(result.kind, "compiled");
  const second = result.engine;
  let isOver = false;
  const over = first.retire().then(() => (isOver = true));
  await second.activate();
  await world.pass(1_000);
  assert.equal(isOver, false);
  assert.ok(world.doors.has(9001), "the inbound endpoint is there");
  const starts = (): readonly string[] =>
    world.log.messages().filter((line) => line.startsWith("Started message processor"));
  assert.deepEqual(starts(), [
    "Started message processor. [F].",
    "Started message processor. [M].",
  ]);
  assert.equal(world.received.length, 1, "a message is in one hand at a time");

  hung.resolve(responseOf(202, "text/xml", ""));
  await over;
  await world.pass(100);
  assert.equal(starts().length, 3);
  assert.equal(world.received.length, 1, "it was delivered once");
  await second.retire();
});

test("a generation that was replaced before its turn came starts nothing", async () => {
  const world = new JobsWorld();
  const hung = Promise.withResolvers<EndpointResponse>();
  world.backend = () => hung.promise;
  const first = await world.deploy(definitions());
  await world.ask("<m>1</m>");
  await world.pass(100);
  const next = (): ReturnType<JobsWorld["compile"]> => world.compile(definitions());
  const [second, third] = [next(), next()];
  assert.ok(second.kind === "compiled" && third.kind === "compiled");
  const over = first.retire();
  await second.engine.activate();
  await second.engine.retire();
  await third.engine.activate();
  hung.resolve(responseOf(202, "text/xml", ""));
  await over;
  await world.pass(100);
  const starts = world.log.messages().filter((line) => line === "Started message processor. [F].");
  assert.equal(starts.length, 2);
  await third.engine.retire();
});
