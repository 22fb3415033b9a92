/** The orders to drain, resume and restart workers: who may give them, their form, and what is told of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { basic, READER, startFixture } from "../../../helpers/management-fixture.ts";
import { makeMember, RecordingCluster } from "../../../helpers/recording-cluster.ts";

function clusterOfTwo(): RecordingCluster {
  const manager = makeMember({ id: "m", name: "manager" });
  const worker = (number: number) =>
    makeMember({
      id: `w${number}`,
      name: `worker-${number}`,
      role: "worker",
      subDomain: "worker",
      host: "127.0.0.1",
      ports: { http: 8280, management: 9444 },
      properties: { managementCertificate: "print", supervisor: "systemd" },
    });
  return new RecordingCluster(manager, [worker(1), worker(2)]);
}

test("nothing is under way at first", async () => {
  const { ask } = await startFixture(clusterOfTwo());
  assert.deepEqual((await ask("GET", "/management/draining")).json(), { list: [], rolling: null });
  const one = await ask("GET", "/management/nodes/worker-1/draining");
  assert.deepEqual([one.status, one.text], [200, "null"]);
});

test("only admins give orders, and other users may look", async () => {
  const { ask } = await startFixture(clusterOfTwo());
  const headers = { authorization: basic(READER) };
  for (const path of [
    "nodes/worker-1/drain",
    "nodes/worker-1/restart",
    "draining/rolling-restart",
  ]) {
    const { status } = await ask("POST", `/management/${path}`, { headers, json: {} });
    assert.equal(status, 403, path);
  }
  const resume = await ask("POST", "/management/nodes/worker-1/resume", { headers });
  assert.equal(resume.status, 403);
  assert.equal((await ask("GET", "/management/draining", { headers })).status, 200);
});

test("an order of another form is refused", async () => {
  const { ask } = await startFixture(clusterOfTwo());
  const bodies = [
    { deadlineMs: -1 },
    { deadlineMs: 1.5 },
    { deadlineMs: 1e12 },
    { stop: "now" },
    { to: 1 },
  ];
  for (const json of bodies) {
    const { status } = await ask("POST", "/management/nodes/worker-1/drain", { json });
    assert.equal(status, 400, JSON.stringify(json));
  }
  const json = { stop: true };
  assert.equal((await ask("POST", "/management/nodes/worker-1/restart", { json })).status, 400);
});

test("nodes that are unknown, managers and workers out of reach are told apart", async () => {
  const { ask } = await startFixture(clusterOfTwo());
  const order = async (name: string) => {
    const { status, json } = await ask("POST", `/management/nodes/${name}/drain`, { json: {} });
    return [status, json().code];
  };
  assert.deepEqual(await order("nobody"), [404, "RESOURCE_UNKNOWN"]);
  assert.deepEqual(await order("manager"), [400, "REQUEST_INVALID"]);
  assert.deepEqual(await order("worker-1"), [502, "NODE_UNREACHABLE"]);
  const rolling = await ask("POST", "/management/draining/rolling-restart", { json: {} });
  assert.equal(rolling.status, 502);
  const { list, rolling: shown } = (await ask("GET", "/management/draining")).json();
  assert.deepEqual([list, shown.phase, shown.done], [[], "failed", 0]);
  assert.match(shown.reason, /^worker-1: worker-1 is deaf$/);
});

test("without clustering there is nobody to leave sessions to", async () => {
  const { ask } = await startFixture();
  const { status, json } = await ask("POST", "/management/nodes/node/drain", { json: {} });
  assert.equal(status, 400);
  assert.match(json().Error, /^clustering is off/);
});
