/** A gateway opens its ports when it is stable, and says until then at health_listen what is missing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { GatewayNode } from "../../../src/cli/gateway-node.ts";
import { startCluster } from "../../../src/cluster/start-cluster.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { freePort, GatewayFixture, until } from "../../helpers/gateway-fixture.ts";
import { request } from "../../helpers/http-request.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";

async function makeNode(fixture: GatewayFixture, more: string) {
  const [port, health, memberPort, peerPort] = await Promise.all(
    [1, 2, 3, 4].map(() => freePort()),
  );
  assert.ok(port && health && memberPort && peerPort);
  fixture.write("secret", "one for all\n");
  const load = () =>
    fixture.load(
      `server { listen 127.0.0.1:${port}; return 204; }`,
      `error_log error.log info; cluster { domain readiness; local_member_port ${memberPort}; group_password_file secret;
       member 127.0.0.1:${peerPort}; minimum_peers 1; health_listen 127.0.0.1:${health}; ${more} }`,
    );
  const log = new MemoryLog();
  const config = await load();
  const node = new GatewayNode({ config, load, log, clock: systemClock, onStatus: () => {} });
  const ask = async (path: string) => {
    const { status, body } = await request(`http://127.0.0.1:${health}${path}`);
    return [status, JSON.parse(body)];
  };
  const isOpen = (): Promise<boolean> =>
    request(`http://127.0.0.1:${port}/`).then(
      ({ status }) => status === 204,
      () => false,
    );
  return { node, log, ask, isOpen, memberPort, peerPort };
}

test("waits for the members that it is told to wait for, and then serves", async () => {
  await using fixture = new GatewayFixture();
  const { node, log, ask, isOpen, memberPort, peerPort } = await makeNode(fixture, "");
  const started = node.start();
  await until(() => log.messages().some((line) => line.startsWith("Waiting")), "the wait");
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual(await ask("/health/live"), [200, { status: "live" }]);
  const waiting = { status: "starting", missing: "1 of 1 peers" };
  assert.deepEqual(await ask("/health/ready"), [503, waiting]);
  assert.equal(await isOpen(), false);
  const peer = await startCluster({
    provider: "embedded",
    domain: "readiness",
    localMemberHost: "127.0.0.1",
    localMemberPort: peerPort,
    members: [{ host: "127.0.0.1", port: memberPort }],
    groupPassword: "one for all",
    self: { role: "worker", subDomain: "worker", ports: {}, properties: {} },
    log,
    clock: systemClock,
  });
  assert.equal(await started, true);
  assert.deepEqual(await ask("/health/ready"), [200, { status: "ready" }]);
  assert.equal(await isOpen(), true);
  assert.deepEqual((await ask("/other"))[0], 404);
  await node.stop();
  await peer.close();
});

test("serves after the time-out, degraded", async () => {
  await using fixture = new GatewayFixture();
  const { node, ask, isOpen } = await makeNode(fixture, "stabilise_timeout 100ms;");
  assert.equal(await node.start(), true);
  const degraded = { status: "degraded", missing: "1 of 1 peers" };
  assert.deepEqual([await ask("/health/ready"), await isOpen()], [[200, degraded], true]);
  await node.stop();
});

test("ends at the time-out where it is strict", async () => {
  await using fixture = new GatewayFixture();
  const { node } = await makeNode(fixture, "stabilise_timeout 100ms; stabilise_strict on;");
  await assert.rejects(node.start(), { code: "CLUSTER_UNSTABLE" });
});

test("a gateway that is stopped while it waits ends at once", async () => {
  await using fixture = new GatewayFixture();
  const { node, log, isOpen } = await makeNode(fixture, "stabilise_timeout 0;");
  const started = node.start();
  await until(() => log.messages().some((line) => line.startsWith("Waiting")), "the wait");
  await node.quit();
  assert.deepEqual([await started, await isOpen()], [false, false]);
});
