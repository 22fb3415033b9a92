/** `sticky learn ... sync` of gateways whose membership goes over Hazelcast (`hazelcast_member`), over the double. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../../helpers/gateway-fixture.ts";
import { HazelcastDouble } from "../../helpers/hazelcast-double/hazelcast-double.ts";
import {
  assertFound,
  type Gateway,
  gatewayPair,
  learn,
  type Sharing,
} from "../../helpers/shared-session-gateways.ts";

const DOMAIN = "shared-sessions";

const pass = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));
/** The store's maps of the zone "s". */
const isZone = (map: string): boolean => /\bsessions s\.\d+$/.test(map);

/** Two gateways and a Hazelcast cluster that counts how often a session is read. */
async function room(sharing: Sharing = {}) {
  const double = new HazelcastDouble(DOMAIN);
  await double.start();
  const reads: string[] = [];
  double.stalls = (map) => {
    if (isZone(map)) reads.push(map);
    return false;
  };
  const { host, port } = double.address;
  const cluster = `hazelcast_member ${host}:${port};`;
  const pair = await gatewayPair({ ...sharing, cluster });
  const { first, second } = pair;
  return {
    double,
    first,
    second,
    reads,
    async start() {
      await Promise.all([first.start(), second.start()]);
      await until(() => first.memberCount === 2 && second.memberCount === 2, "both gateways");
      // Both have read their snapshots.
      await pass(800);
    },
    async [Symbol.asyncDispose]() {
      await pair[Symbol.asyncDispose]();
      await double.stop();
    },
  };
}

/** Who answers a cookie's requests, one after the other. */
async function workersOf(gateway: Gateway, cookie: string, requests = 6): Promise<Set<string>> {
  const workers = new Set<string>();
  for (let count = 0; count < requests; count++) workers.add((await gateway.ask(cookie)).body);
  return workers;
}

test("over Hazelcast, a session is found on the other gateway within 100 ms, and by a gateway that joins without asking", async () => {
  await using place = await room();
  const { first, second, reads } = place;
  await place.start();
  for (let count = 0; count < 10; count++) {
    const { cookie, body } = await first.ask();
    await pass(100);
    assert.equal((await second.ask(cookie)).body, body);
  }
  const sessions = await learn(first, 30);
  await pass(200);
  await second.stop();
  const more = await learn(first, 10);
  await second.start();
  await until(() => second.memberCount === 2, "both gateways again");
  await pass(800);
  reads.length = 0;
  await assertFound(second.place.port, new Map([...sessions, ...more]));
  assert.deepEqual(reads, [], "all were in the snapshot");
});

test("over Hazelcast, a session that is not in the own table is asked for once", async () => {
  await using place = await room();
  const { double, first, second, reads } = place;
  await place.start();
  double.losesEvents = isZone;
  const sessions = await learn(first, 10);
  await pass(200);
  reads.length = 0;
  await assertFound(second.place.port, sessions);
  assert.equal(reads.length, sessions.size);
  await assertFound(second.place.port, sessions);
  assert.equal(reads.length, sessions.size, "an answer is kept");
  reads.length = 0;
  assert.equal((await workersOf(second, "JSESSIONID=unknown")).size, 3, "it is balanced anew");
  assert.equal(reads.length, 1);
});

test("over Hazelcast, a session lasts while either gateway uses it, and expires on both when neither does", async () => {
  await using place = await room({ sticky: "timeout=1s" });
  const { first, second } = place;
  await place.start();
  const { cookie, body } = await first.ask();
  for (let passedMs = 0; passedMs < 2_400; passedMs += 400) {
    await pass(400);
    assert.equal((await first.ask(cookie)).body, body);
  }
  assert.deepEqual([...(await workersOf(second, cookie))], [body]);
  await pass(2_500);
  for (const gateway of [first, second])
    assert.equal((await workersOf(gateway, cookie)).size, 3, "it is balanced anew");
});
