import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { loadNodeConfig } from "../../../src/config/load-node-config.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { Worker } from "../../../src/worker/worker.ts";
import { FakeRevisionSource } from "../../helpers/fake-revision-source.ts";
import { makeLogs } from "../../helpers/made-logs.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";
import { missing, REDIS, startRedis } from "../../helpers/test-server.ts";

interface Running {
  readonly worker: Worker;
  readonly log: MemoryLog;
  /** Bodies that reached the back end. */
  readonly received: string[];
  /** Makes another revision live and lets the worker look. */
  readonly deploy: (definitions: (backendPort: number) => string) => Promise<void>;
}

async function start(
  context: TestContext,
  definitions: (backendPort: number) => string,
): Promise<Running> {
  const home = mkdtempSync(join(tmpdir(), "bascule-jobs-"));
  context.after(() => rmSync(home, { recursive: true, force: true }));
  mkdirSync(join(home, "conf"));
  const { config } = loadNodeConfig({ home, properties: {}, environment: {} });
  const received: string[] = [];
  const backend = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => void chunks.push(chunk));
    request.on("end", () => {
      received.push(Buffer.concat(chunks).toString());
      response.writeHead(202, { "Content-Length": 0 }).end();
    });
  });
  await new Promise<void>((resolve) => void backend.listen(0, "127.0.0.1", resolve));
  const { port } = backend.address() as AddressInfo;
  let text = definitions(port);
  const source = new FakeRevisionSource(() => [
    {
      path: "synapse-configs/default/synapse.xml",
      content: Buffer.from(
        `<definitions xmlns="http://ws.apache.org/ns/synapse">${text}</definitions>`,
      ),
    },
  ]);
  source.wanted = "1";
  const log = new MemoryLog();
  const worker = await Worker.start({
    config: { ...config, serviceListeners: [], connectors: [] },
    source,
    log,
    logs: makeLogs().logs,
    clock: systemClock,
    onChange: () => {},
  });
  context.after(async () => {
    await worker.close();
    backend.close();
    backend.closeAllConnections();
  });
  const deploy: Running["deploy"] = async (next) => {
    text = next(port);
    source.wanted = `${String(source.wanted)}1`;
    await worker.look();
  };
  return { worker, log, received, deploy };
}

/** A task that stores a message each second, and a processor that takes every one of them to the back end. */
function pipeline(store: string, more = ""): (backendPort: number) => string {
  return (port) => `${store}
    <endpoint name="E"><address uri="http://127.0.0.1:${port}/s" format="pox"/></endpoint>
    <sequence name="keep"><property name="OUT_ONLY" value="true"/><store messageStore="S"/></sequence>
    <task name="T" class="org.apache.synapse.startup.tasks.MessageInjector"><trigger interval="1"/>
      <property name="message"><tick xmlns=""/></property><property name="format" value="pox"/>
      <property name="injectTo" value="sequence"/><property name="sequenceName" value="keep"/></task>
    <messageProcessor name="F" messageStore="S" targetEndpoint="E"
      class="org.apache.synapse.message.processor.impl.forwarder.ScheduledMessageForwardingProcessor">
      <parameter name="interval">50</parameter></messageProcessor>${more}`;
}

async function until(condition: () => boolean): Promise<void> {
  const endMs = Date.now() + 8_000;
  while (!condition()) {
    if (Date.now() > endMs) assert.fail("it did not come to pass within 8 s");
    await new Promise((resolve) => void setTimeout(resolve, 20));
  }
}

test("a worker runs tasks and processors, and a deploy lets them go on", async (context) => {
  const { received, log, deploy } = await start(context, pipeline('<messageStore name="S"/>'));
  await until(() => received.length >= 1);
  await deploy(pipeline('<messageStore name="S"/>', '<localEntry key="k">v</localEntry>'));
  await until(() => received.length >= 3);
  assert.match(received[0] ?? "", /^<tick/);
  const starts = log.messages().filter((line) => line === "Started message processor. [F].");
  assert.equal(starts.length, 2);
});

test("processors over a store in Redis do the same", { skip: missing(REDIS) }, async (context) => {
  const server = await startRedis();
  context.after(() => server.stop());
  const store = `<messageStore name="S" class="RedisStore"><parameter name="store.redis.host">127.0.0.1</parameter>
    <parameter name="store.redis.port">${server.port}</parameter></messageStore>`;
  const { received } = await start(context, pipeline(store));
  await until(() => received.length >= 2);
  assert.match(received[0] ?? "", /^<tick/);
});
