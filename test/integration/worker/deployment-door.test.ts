import assert from "node:assert/strict";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { readStageAnswer } from "../../../src/depsync/barrier/revision-stage-messages.ts";
import { workerFixture } from "./worker-fixture.ts";

const ONE = "1".repeat(40);
const TWO = "2".repeat(40);
const BAD = "b".repeat(40);

/** A proxy that answers with the revision's first digit; the one of "b" is faulty. */
function saying(id: string): string {
  if (id === BAD)
    return '<proxy name="P" transports="http"><target><inSequence><nonsense/></inSequence></target></proxy>';
  return `<proxy name="P" transports="http"><target><inSequence>
    <payloadFactory media-type="xml"><format><r xmlns="">${id.slice(0, 1)}</r></format><args/></payloadFactory>
    <respond/></inSequence></target></proxy>`;
}

function drainOrder(deadlineMs: number, after: string): string {
  return `{"deadlineMs":${deadlineMs},"then":"${after}"}`;
}

const STAGE = "/node/deployment/stage";
const ACTIVATE = "/node/deployment/activate";

test("a manager stages, switches and abandons over the worker's management port", async (context) => {
  const { ask, call, worker } = await workerFixture(context, saying, ONE);
  const staged = await ask("POST", STAGE, { deployment: 1, commit: TWO, live: ONE });
  assert.deepEqual([staged.status, JSON.parse(staged.body)], [200, { kind: "ready" }]);
  assert.match((await call("/services/P")).body, />1</);
  const asks = { "X-Bascule-Revision": "?" };
  assert.equal((await call("/services/P", asks)).headers["x-bascule-revision"], ONE);
  const switched = await ask("POST", ACTIVATE, { commit: TWO });
  assert.deepEqual(JSON.parse(switched.body), { revision: TWO });
  const answer = await call("/services/P", asks);
  assert.match(answer.body, />2</);
  assert.equal(answer.headers["x-bascule-revision"], TWO);
  assert.equal((await call("/services/P")).headers["x-bascule-revision"], undefined);
  const outcomes = await ask("GET", "/node/deployment/outcomes");
  assert.deepEqual(JSON.parse(outcomes.body), {
    revision: TWO,
    services: [{ kind: "proxy-service", name: "P", messages: 2, faults: 0 }],
  });
  const abandoned = await ask("POST", "/node/deployment/abandon", { commit: TWO });
  assert.deepEqual([abandoned.status, abandoned.body], [200, "{}\n"]);
  assert.equal(worker.revision, TWO, "what runs is not abandoned");
});

test("a faulty candidate is answered with its problems and changes nothing", async (context) => {
  const { ask, call } = await workerFixture(context, saying, ONE);
  const { body } = await ask("POST", STAGE, { deployment: 1, commit: BAD, live: ONE });
  const answer = readStageAnswer(JSON.parse(body));
  assert.equal(answer.kind, "faulty");
  assert.match(answer.kind === "faulty" ? (answer.problems[0]?.message ?? "") : "", /nonsense/);
  assert.match((await call("/services/P")).body, />1</);
  const health = await ask("GET", "/health/ready");
  assert.deepEqual(JSON.parse(health.body), { status: "ready", revision: ONE });
});

test("nobody but a manager deploys, drains or sees outcomes, and everything else stays read-only", async (context) => {
  const { ask, asStranger, worker } = await workerFixture(context, saying, ONE);
  for (const agent of [asStranger, false]) {
    for (const [method, path, body] of [
      ["POST", STAGE, { deployment: 1, commit: TWO }],
      ["POST", ACTIVATE, { commit: TWO }],
      ["POST", "/node/deployment/abandon", { commit: TWO }],
      ["POST", "/node/drain", drainOrder(0, "stop")],
      ["POST", "/node/resume", {}],
      ["GET", "/node/deployment/outcomes", undefined],
    ] as const) {
      const answer = await ask(method, path, body, agent as never);
      assert.equal(answer.status, 403, `${method} ${path}`);
      assert.match(answer.body, /ACCESS_DENIED/);
    }
  }
  assert.equal(worker.isDraining, false);
  for (const [method, path] of [
    ["PUT", STAGE],
    ["DELETE", ACTIVATE],
    ["POST", "/node/deployment"],
    ["POST", "/node/deployment/outcomes"],
    ["POST", "/management/deployments"],
  ] as const) {
    const answer = await ask(method, path, {});
    assert.equal(answer.status, 403, `${method} ${path}`);
    assert.match(answer.body, /changes nothing/);
  }
  assert.equal((await ask("GET", STAGE)).status, 404);
});

test("a body that is too large, or nothing that can be read, is refused and the port goes on", async (context) => {
  const { ask } = await workerFixture(context, saying, ONE);
  for (const [path, body, reason] of [
    [ACTIVATE, { commit: TWO, more: "x".repeat(70_000) }, /larger than 65536 bytes/],
    [STAGE, { deployment: 1, commit: TWO, more: "x".repeat(1_100_000) }, /larger than 1048576/],
    [STAGE, "{", /no JSON/],
    [STAGE, { deployment: 1, commit: "main" }, /full commit id/],
    [ACTIVATE, "", /must be an object/],
  ] as const) {
    const answer = await ask("POST", path, body);
    assert.equal(answer.status, 400, answer.body);
    assert.match(answer.body, reason);
  }
  const answer = await ask("POST", STAGE, { deployment: 1, commit: TWO });
  assert.deepEqual(JSON.parse(answer.body), { kind: "ready" });
});

test("of two managers at once the later one wins, and the first is told that it was replaced", async (context) => {
  const { ask, source } = await workerFixture(context, saying, ONE);
  const fetched = source.gate("fetch");
  const first = ask("POST", STAGE, { deployment: 1, commit: TWO });
  await new Promise((resolve) => void setTimeout(resolve, 100));
  const second = ask("POST", STAGE, { deployment: 1, commit: "3".repeat(40) });
  const { body } = await first;
  assert.match(body, /"failed".*replaced: a later candidate/);
  fetched();
  assert.deepEqual(JSON.parse((await second).body), { kind: "ready" });
});

test("a message that is under way finishes on the old revision, the next one is of the new", async (context) => {
  const waiting: ServerResponse[] = [];
  const backend = createServer((incoming, response) => {
    incoming.resume();
    if (incoming.url === "/slow") waiting.push(response);
    else response.end("<fast/>");
  });
  await new Promise<void>((resolve) => void backend.listen(0, "127.0.0.1", resolve));
  context.after(() => {
    backend.close();
    backend.closeAllConnections();
  });
  const { port } = backend.address() as AddressInfo;
  const calling = (id: string): string => {
    const path = id === ONE ? "slow" : "fast";
    return `<proxy name="P" transports="http"><target><inSequence><call><endpoint><http method="get" uri-template="http://127.0.0.1:${port}/${path}"/></endpoint></call>
      <payloadFactory media-type="xml"><format><r xmlns="">${id.slice(0, 1)}</r></format><args/></payloadFactory><respond/></inSequence></target></proxy>`;
  };
  const { ask, call } = await workerFixture(context, calling, ONE);
  const old = call("/services/P", { "X-Bascule-Revision": "?" });
  while (waiting.length === 0) await new Promise((resolve) => void setTimeout(resolve, 10));
  await ask("POST", STAGE, { deployment: 1, commit: TWO, live: ONE });
  await ask("POST", ACTIVATE, { commit: TWO });
  assert.match((await call("/services/P")).body, />2</);
  waiting[0]?.end("<slow/>");
  const answer = await old;
  assert.equal(answer.headers["x-bascule-revision"], ONE);
  assert.match(answer.body, />1</);
});

test("a worker that drains says so everywhere, answers on, and takes part again when it is resumed", async (context) => {
  const { ask, call, cluster, ends, updates } = await workerFixture(context, saying, ONE);
  const drained = await ask("POST", "/node/drain", drainOrder(60_000, "stay"));
  assert.equal(drained.status, 200, drained.body);
  assert.match(drained.body, /^\{"state":"draining","leftMs":(60000|59\d\d\d)\}/);
  assert.equal(cluster.self.state, "draining");
  const health = await ask("GET", "/health/ready");
  assert.deepEqual(
    [health.status, JSON.parse(health.body)],
    [503, { status: "draining", revision: ONE }],
  );
  assert.match((await call("/services/P")).body, />1</);
  // A deploy reaches it, and does not take it out of draining.
  await ask("POST", STAGE, { deployment: 1, commit: TWO, live: ONE });
  await ask("POST", ACTIVATE, { commit: TWO });
  assert.deepEqual([updates.at(-1)?.state, updates.at(-1)?.revision], ["draining", TWO]);
  assert.deepEqual(JSON.parse((await ask("POST", "/node/resume", {})).body), { state: "active" });
  assert.equal(cluster.self.state, "active");
  assert.equal((await ask("GET", "/health/ready")).status, 200);
  await ask("POST", "/node/drain", drainOrder(0, "restart"));
  await new Promise((resolve) => void setTimeout(resolve, 50));
  assert.deepEqual(ends, ["restart"]);
});
