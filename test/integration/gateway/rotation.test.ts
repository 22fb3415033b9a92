/** A gateway in a real cluster while revisions change and workers drain, under load: nobody is refused, nobody gets the old one. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { GatewayNode } from "../../../src/cli/gateway-node.ts";
import type { Cluster, Member, MemberRole } from "../../../src/cluster/cluster.ts";
import { startCluster } from "../../../src/cluster/start-cluster.ts";
import { createLog } from "../../../src/observability/log.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { freePort, GatewayFixture, startBackend, until } from "../../helpers/gateway-fixture.ts";
import { request } from "../../helpers/http-request.ts";

const log = createLog({ node: "test", sinks: [] });

interface JoinOptions {
  readonly name: string;
  readonly role: MemberRole;
  readonly seed: number;
  readonly http?: number;
}

async function join(context: TestContext, { name, role, seed, http }: JoinOptions) {
  const cluster = await startCluster({
    provider: "embedded",
    domain: "rotation-test",
    localMemberHost: "127.0.0.1",
    localMemberPort: await freePort(),
    members: [{ host: "127.0.0.1", port: seed }],
    groupPassword: "cluster secret",
    self: {
      role,
      name,
      subDomain: role === "worker" ? "worker" : "mgt",
      ports: http === undefined ? {} : { http },
      properties: {},
    },
    log,
    clock: systemClock,
  });
  context.after(() => cluster.close());
  return cluster;
}

/** A worker that answers with its name and revision, and gives a session to clients without one. */
async function startWorker(context: TestContext, name: string, seed: number) {
  let revision = "a";
  let sessions = 0;
  const backend = await startBackend(name, {
    handler(incoming, response) {
      if (!incoming.headers.cookie?.includes("JSESSIONID="))
        response.setHeader("Set-Cookie", `JSESSIONID=${name}-${++sessions}; Path=/`);
      response.end(`${name} ${revision}`);
    },
  });
  context.after(() => backend[Symbol.asyncDispose]());
  const cluster = await join(context, { name, role: "worker", seed, http: backend.port });
  cluster.update({ state: "active", revision });
  const switchTo = (next: string): void => {
    revision = next;
    cluster.update({ revision: next });
  };
  return { cluster, switchTo };
}

async function open(context: TestContext) {
  const fixture = new GatewayFixture();
  context.after(() => fixture[Symbol.asyncDispose]());
  const [port, seed] = [await freePort(), await freePort()];
  fixture.write("secret", "cluster secret\n");
  const load = () =>
    fixture.load(
      `upstream w { cluster_servers worker http;
         sticky learn create=$upstream_cookie_jsessionid lookup=$cookie_jsessionid zone=z:1m; }
       server { listen 127.0.0.1:${port}; location / { proxy_pass http://w; } }`,
      `error_log error.log info; cluster { domain rotation-test; local_member_port ${seed};
         member 127.0.0.1:${seed}; group_password_file secret; node_name g; }`,
    );
  const config = await load();
  const node = new GatewayNode({ config, load, log, clock: systemClock, onStatus: () => {} });
  await node.start();
  context.after(() => node.quit());
  const manager = await join(context, { name: "manager", role: "manager", seed });
  manager.update({ state: "active", revision: "a" });
  const [first, second] = [
    await startWorker(context, "w1", seed),
    await startWorker(context, "w2", seed),
  ];
  const url = `http://127.0.0.1:${port}/`;
  const gateway = (): Member | undefined => memberOf(manager, "g");
  await until(() => gateway()?.revision === "a", "the gateway's first confirmation");
  await until(() => memberOf(manager, "w2")?.state === "active", "both workers");
  await until(() => gateway()?.revision === "a", "the gateway's confirmation");
  return { url, manager, first, second, gateway };
}

function memberOf(cluster: Cluster, name: string): Member | undefined {
  return cluster.members().find((member) => member.name === name);
}

interface Answered {
  readonly beganMs: number;
  readonly text: string;
}

/** Requests of several clients one after the other, until `stop`; fails on any answer but 200. */
function underLoad(url: string) {
  const answers: Answered[] = [];
  const load = { isOver: false };
  const client = async (): Promise<void> => {
    while (!load.isOver) {
      const beganMs = performance.now();
      const { status, body } = await request(url);
      assert.equal(status, 200, body);
      answers.push({ beganMs, text: body });
    }
  };
  const clients = Promise.all(Array.from({ length: 4 }, client));
  const stop = async (): Promise<readonly Answered[]> => {
    load.isOver = true;
    await clients;
    return answers;
  };
  return { answers, stop };
}

test("no new request gets the old revision once the gateway has confirmed, though a worker missed the switch", async (context) => {
  const { url, manager, first, second, gateway } = await open(context);
  const load = underLoad(url);
  await until(() => load.answers.length > 50, "some load");
  first.switchTo("b");
  manager.update({ revision: "b", properties: { lateWorkers: "w2" } });
  await until(() => gateway()?.revision === "b", "the confirmation");
  const confirmedMs = performance.now();
  const seen = load.answers.length;
  await until(() => load.answers.length > seen + 100, "load after it");
  second.switchTo("b");
  manager.update({ properties: {} });
  await until(() => load.answers.some(({ text }) => text === "w2 b"), "the late worker again");
  const answers = await load.stop();
  const after = answers.filter(({ beganMs }) => beganMs > confirmedMs).map(({ text }) => text);
  assert.deepEqual([...new Set(after)].sort(), ["w1 b", "w2 b"]);
  assert.deepEqual([...new Set(answers.map(({ text }) => text))].sort(), [
    "w1 a",
    "w1 b",
    "w2 a",
    "w2 b",
  ]);
});

test("a worker that hangs on the old revision is out after the grace, without a word of the manager", async (context) => {
  const { url, manager, second, gateway } = await open(context);
  const load = underLoad(url);
  second.switchTo("b");
  manager.update({ revision: "b" });
  await until(() => gateway()?.revision === "b", "the confirmation");
  const confirmedMs = performance.now();
  const seen = load.answers.length;
  await until(() => load.answers.length > seen + 50, "load after it");
  const after = (await load.stop()).filter(({ beganMs }) => beganMs > confirmedMs);
  assert.deepEqual([...new Set(after.map(({ text }) => text))], ["w2 b"]);
});

test("sessions stay on a worker that drains, new ones go elsewhere, and the gateway tells their number", async (context) => {
  const { url, first, gateway } = await open(context);
  const cookies: string[] = [];
  for (let count = 0; count < 6; count++) {
    const { headers } = await request(url);
    cookies.push(headers["set-cookie"]?.[0]?.split(";")[0] ?? "");
  }
  const bound = cookies.filter((cookie) => cookie.includes("w1-"));
  assert.equal(bound.length, 3);
  first.cluster.update({ state: "draining" });
  const told = (): string => gateway()?.properties["sessions.w1"] ?? "";
  await until(() => told() !== "", "the number of sessions");
  assert.match(told(), /^3\/\d+$/);
  for (const cookie of bound)
    assert.equal((await request(url, { headers: { Cookie: cookie } })).body, "w1 a");
  for (let count = 0; count < 6; count++) assert.equal((await request(url)).body, "w2 a");
  first.cluster.update({ state: "active" });
  await until(() => told() === "", "the number is taken back");
});
