/** A gateway in a real cluster: workers that join get requests, a worker that leaves gets none. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { GatewayNode } from "../../../src/cli/gateway-node.ts";
import { startCluster } from "../../../src/cluster/start-cluster.ts";
import { createLog } from "../../../src/observability/log.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import type { NodeStatus } from "../../../src/runtime/node-status.ts";
import { freePort, GatewayFixture, startBackend, until } from "../../helpers/gateway-fixture.ts";
import { request } from "../../helpers/http-request.ts";

test("sends requests to the workers that are members, and tells what it sees", async () => {
  await using fixture = new GatewayFixture();
  await using first = await startBackend("first");
  await using second = await startBackend("second");
  const [port, gatewayMember, workerMember] = [
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  fixture.write("secret", "cluster secret\n");
  const lines: string[] = [];
  const log = createLog({ node: "test", sinks: [{ write: (line) => void lines.push(line) }] });
  const load = () =>
    fixture.load(
      `upstream w { cluster_servers worker http; }
       server { listen 127.0.0.1:${port}; location / { proxy_pass http://w; } }`,
      `error_log error.log info; cluster { domain gateway-test; local_member_port ${gatewayMember};
         member 127.0.0.1:${workerMember}; group_password_file secret; node_name g; }`,
    );
  const startWorker = async (backendPort: number, memberPort: number) => {
    const worker = await startCluster({
      provider: "embedded",
      domain: "gateway-test",
      localMemberHost: "127.0.0.1",
      localMemberPort: memberPort,
      members: [{ host: "127.0.0.1", port: gatewayMember }],
      groupPassword: "cluster secret",
      self: { role: "worker", subDomain: "worker", ports: { http: backendPort }, properties: {} },
      log,
      clock: systemClock,
    });
    worker.update({ state: "active" });
    return worker;
  };
  const statuses: NodeStatus[] = [];
  const node = new GatewayNode({
    config: await load(),
    load,
    log,
    clock: systemClock,
    onStatus: (status) => void statuses.push(status),
  });
  const activeWorkers = (): number =>
    statuses.at(-1)?.members.filter(({ role, state }) => role === "worker" && state === "active")
      .length ?? 0;
  await node.start();
  assert.equal((await request(`http://127.0.0.1:${port}/`)).status, 502);
  const workers = [
    await startWorker(first.port, workerMember),
    await startWorker(second.port, await freePort()),
  ];
  try {
    await until(() => activeWorkers() === 2, "both workers");
    const names = [
      (await request(`http://127.0.0.1:${port}/`)).body,
      (await request(`http://127.0.0.1:${port}/`)).body,
    ];
    assert.deepEqual(names.sort(), ["first", "second"]);
    await workers[0]?.close();
    await until(() => activeWorkers() === 1, "one worker left");
    for (let count = 0; count < 3; count++) {
      assert.equal((await request(`http://127.0.0.1:${port}/`)).body, "second");
    }
    assert.ok(lines.some((line) => line.includes("Member joined")));
  } finally {
    await node.quit();
    await Promise.all(workers.map((worker) => worker.close()));
  }
  assert.deepEqual(
    [...new Set(statuses.map(({ state }) => state))],
    ["starting", "active", "draining", "stopped"],
  );
  assert.deepEqual(statuses.find(({ state }) => state === "active")?.addresses, [
    `http://127.0.0.1:${port}`,
    `cluster://127.0.0.1:${gatewayMember}`,
  ]);
});
