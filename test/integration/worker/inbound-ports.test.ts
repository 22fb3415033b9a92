import assert from "node:assert/strict";
import { request } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { test } from "node:test";
import { compileEngine } from "../../../src/mediation/compile-engine.ts";
import type { Engine } from "../../../src/mediation/engine.ts";
import { JobMemory } from "../../../src/mediation/jobs/job-memory.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { GenerationHandover } from "../../../src/worker/generation-handover.ts";
import { InboundPorts } from "../../../src/worker/inbound-ports.ts";
import { MessagesInFlight } from "../../../src/worker/messages-in-flight.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";
import { freePort } from "../../helpers/test-server.ts";

const log = new MemoryLog();

function inbound(name: string, port: number, says: string): string {
  return `<sequence name="${name}"><payloadFactory media-type="text"><format>${says}</format><args/></payloadFactory>
    <property name="messageType" value="text/plain" scope="axis2"/><respond/></sequence>
    <inboundEndpoint name="${name}" protocol="http" sequence="${name}"><parameters>
    <parameter name="inbound.http.port">${port}</parameter></parameters></inboundEndpoint>`;
}

function setUp() {
  const ports = new InboundPorts({
    config: { serviceListeners: [], portOffset: 0, properties: {} },
    addressPrefixes: {},
    inFlight: new MessagesInFlight(),
    log,
  });
  const afterSwitch = (): void => ports.closeFree();
  const handover = new GenerationHandover({ log, clock: systemClock, afterSwitch });
  const jobMemory = new JobMemory();
  const compile = (definitions: string): Engine => {
    const text = `<definitions xmlns="http://ws.apache.org/ns/synapse">${definitions}</definitions>`;
    const file = { path: "synapse-configs/default/synapse.xml", content: Buffer.from(text) };
    const result = compileEngine([file], {
      log,
      jobMemory,
      inboundDoors: ports,
      systemProperties: {},
      callEndpoint: () => Promise.reject(new Error("nothing is called")),
    });
    assert.equal(result.kind, "compiled");
    return result.engine;
  };
  const close = async (): Promise<void> => {
    await handover.close();
    await ports.close();
  };
  return { handover, compile, close };
}

/** One request on a connection of its own. */
function ask(port: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const options = { host: "127.0.0.1", port, method: "POST", path: "/x", agent: false as const };
  const call = request(options, (response) => {
    const chunks: Buffer[] = [];
    response.on("data", (chunk: Buffer) => void chunks.push(chunk));
    response.on("end", () => resolve(Buffer.concat(chunks).toString()));
  });
  call.on("error", reject);
  call.end("body");
  return promise;
}

test("a port is handed from generation to generation without refusing a connection", async () => {
  const { handover, compile, close } = setUp();
  const port = await freePort();
  try {
    handover.switchTo(compile(inbound("I", port, "first")));
    await handover.begin();
    assert.equal(await ask(port), "first");
    const answers: Promise<string>[] = [];
    for (let turn = 0; turn < 20; turn += 1) {
      handover.switchTo(compile(inbound("I", port, `turn ${turn}`)));
      for (let count = 0; count < 5; count += 1) answers.push(ask(port));
      await Promise.allSettled(answers.slice(-2));
    }
    const settled = await Promise.allSettled(answers);
    assert.deepEqual(
      settled.filter(({ status }) => status === "rejected"),
      [],
    );
    assert.equal(await ask(port), "turn 19");
  } finally {
    await close();
  }
});

test("a port that no generation wants any more is closed", async () => {
  const { handover, compile, close } = setUp();
  const [one, two] = [await freePort(), await freePort()];
  try {
    handover.switchTo(compile(inbound("I", one, "one")));
    await handover.begin();
    handover.switchTo(compile(inbound("I", two, "two")));
    await handover.begin();
    assert.equal(await ask(two), "two");
    await assert.rejects(ask(one), /ECONNREFUSED/);
  } finally {
    await close();
  }
});

test("two inbound endpoints on one port: the second says whose it is", async () => {
  const { handover, compile, close } = setUp();
  const port = await freePort();
  try {
    handover.switchTo(compile(inbound("I", port, "i") + inbound("J", port, "j")));
    await handover.begin();
    assert.equal(await ask(port), "i");
    assert.ok(
      log
        .messages("error")
        .some((line) =>
          /inbound endpoint J: port \d+ is taken by the inbound endpoint I/.test(line),
        ),
    );
  } finally {
    await close();
  }
});

test("a port that another process has: the inbound endpoint is told to take another, not the offset", async () => {
  const { handover, compile, close } = setUp();
  const other = createServer();
  await new Promise<void>((resolve) => void other.listen(0, "0.0.0.0", resolve));
  const { port } = other.address() as AddressInfo;
  try {
    handover.switchTo(compile(inbound("K", port, "k")));
    await handover.begin();
    const wanted = `port ${port} is taken by another process: give the inbound endpoint K another inbound.http.port`;
    assert.ok(log.messages("error").some((line) => line.endsWith(wanted)));
  } finally {
    await close();
    other.close();
  }
});
