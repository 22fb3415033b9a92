import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { loadNodeConfig } from "../../../src/config/load-node-config.ts";
import { createLog } from "../../../src/observability/log.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { FolderSource } from "../../../src/worker/folder-source.ts";
import { Worker } from "../../../src/worker/worker.ts";
import { request } from "../../helpers/http-request.ts";
import { makeLogs } from "../../helpers/made-logs.ts";

const ECHO = (name: string, attributes: string): string =>
  `<proxy xmlns="http://ws.apache.org/ns/synapse" name="${name}" ${attributes}><target><inSequence>` +
  '<property name="symbol" expression="//symbol"/><respond/></inSequence></target></proxy>';

let home: string;
let worker: Worker;
let url: string;

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer();
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await promise;
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

before(async () => {
  home = mkdtempSync(join(tmpdir(), "bascule-tracing-"));
  mkdirSync(join(home, "conf"));
  const properties = { workerNode: "true" };
  const { config } = loadNodeConfig({ home, properties, environment: {} });
  const folder = join(config.repositoryLocation, "synapse-configs/default/proxy-services");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "Traced.xml"), ECHO("Traced", 'trace="enable"'));
  writeFileSync(join(folder, "Plain.xml"), ECHO("Plain", ""));
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  const listener = {
    scheme: "http",
    bindAddress: "127.0.0.1",
    port,
    wsdlEprPrefix: undefined,
    tls: undefined,
  } as const;
  worker = await Worker.start({
    config: { ...config, serviceListeners: [listener], connectors: [] },
    source: new FolderSource(config.repositoryLocation),
    log: createLog({ node: "worker", sinks: [] }),
    logs: makeLogs().logs,
    clock: systemClock,
    onChange: () => {},
  });
});

after(async () => {
  await worker.close();
  rmSync(home, { recursive: true, force: true });
});

interface Page {
  readonly list: readonly {
    readonly id: string;
    readonly service: string;
    readonly askedBy: string;
    readonly mediator?: string;
    readonly changes?: readonly object[];
    readonly bodyBefore?: string;
  }[];
}

/** A page as whoever reads it over the network gets it. */
function pageAt(path: string): Page {
  const { status, body } = worker.tracePage(path);
  assert.equal(status, 200);
  return JSON.parse(JSON.stringify(body)) as Page;
}

async function ask(service: string, headers: Readonly<Record<string, string>> = {}) {
  const body = "<q><symbol>IBM</symbol></q>";
  return request(`${url}/services/${service}`, {
    method: "POST",
    headers: { "Content-Type": "application/xml", ...headers },
    body,
  });
}

test("a request over a socket to a traced service can be read step by step", async () => {
  const { status, body } = await ask("Traced");
  assert.equal(status, 200);
  assert.match(body, /IBM/);
  const [head] = pageAt("/traces").list;
  assert.equal(head?.service, "Traced");
  const [property, respond] = pageAt(`/traces/${head?.id}`).list;
  assert.equal(property?.mediator, "property");
  assert.match(property?.bodyBefore ?? "", /<symbol>IBM<\/symbol>/);
  assert.deepEqual(property?.changes, [{ scope: "default", name: "symbol", after: "IBM" }]);
  assert.equal(respond?.mediator, "respond");
});

test("a token from the management port traces one request of a service that is not traced", async () => {
  const count = pageAt("/traces").list.length;
  await ask("Plain", { "X-Bascule-Trace": "no-token" });
  assert.equal(pageAt("/traces").list.length, count);
  const answer = worker.tracePage("/traces/token");
  const { header, token } = answer.body as { readonly header: string; readonly token: string };
  await ask("Plain", { [header]: token });
  const [head] = pageAt("/traces").list;
  assert.deepEqual([head?.service, head?.askedBy], ["Plain", "header"]);
});

test("a trace that is not there is 404 with the reason", () => {
  const { status, body } = worker.tracePage("/traces/none");
  assert.equal(status, 404);
  assert.match(JSON.stringify(body), /made room for newer ones/);
});
