/** Peers, the round robin's sequences, stickiness and its table, live members. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import type { PickRequest } from "../../../../src/gateway/upstream/balancers/balancer.ts";
import { RoundRobin } from "../../../../src/gateway/upstream/balancers/round-robin.ts";
import { StickyBalancer } from "../../../../src/gateway/upstream/balancers/sticky.ts";
import { clusterPeers } from "../../../../src/gateway/upstream/cluster-peers.ts";
import { Peer } from "../../../../src/gateway/upstream/peer.ts";
import { SESSION_BYTES, SessionTable } from "../../../../src/gateway/upstream/session-table.ts";
import { SessionZones } from "../../../../src/gateway/upstream/session-zones.ts";
import type { PeerOptions } from "../../../../src/gateway/upstream/upstream-config.ts";
import { FakeClock } from "../../../helpers/fake-clock.ts";

const OPTIONS: PeerOptions = {
  weight: 1,
  maxFails: 1,
  failTimeoutMs: 10_000,
  connectionsMax: 0,
  backup: false,
  down: false,
  drain: false,
  route: undefined,
};

function peer(port: number, options: Partial<PeerOptions> = {}): Peer {
  return new Peer({ ...OPTIONS, ...options, name: `10.0.0.1:${port}`, host: "10.0.0.1", port });
}

function ask(given: Partial<PickRequest> = {}): PickRequest {
  const walk = { clientAddress: "", key: "", hash: undefined, rounds: 0, misses: 0 };
  return { tried: new Set(), nowMs: 0, boundTo: undefined, walk, ...given };
}

function sequence(peers: readonly Peer[], count: number, balancer = new RoundRobin()): string {
  const names = Array.from(
    { length: count },
    () => balancer.pick(peers, ask())?.config.port ?? "-",
  );
  return names.join(" ");
}

const SEQUENCES: readonly (readonly [weights: readonly number[], expected: string])[] = [
  [[1, 1, 1, 1], "1 2 3 4 1 2 3 4"],
  [[5, 1, 1], "1 1 2 1 3 1 1 1"],
  [[2, 1], "1 2 1 1 2 1"],
  [[1, 2, 3], "3 2 1 3 2 3 3 2"],
];

for (const [weights, expected] of SEQUENCES) {
  test(`weights ${weights.join(", ")} give ${expected}`, () => {
    const peers = weights.map((weight, at) => peer(at + 1, { weight }));
    assert.equal(sequence(peers, expected.split(" ").length), expected);
  });
}

test("leaves out peers that are down, drain, were tried or are full", () => {
  const full = peer(4, { connectionsMax: 1 });
  full.health.active = 1;
  const tried = peer(3);
  const peers = [peer(1, { down: true }), peer(2, { drain: true }), tried, full];
  assert.equal(new RoundRobin().pick(peers, ask({ tried: new Set([tried]) })), undefined);
});

test("takes a peer out after max_fails and tries it again after fail_timeout", () => {
  const failing = peer(1, { maxFails: 2 });
  assert.equal(failing.noteFailure(100), false);
  assert.equal(failing.isAvailable(100), true);
  assert.equal(failing.noteFailure(200), true);
  assert.equal(failing.isAvailable(10_200), false);
  assert.equal(failing.isAvailable(10_201), true);
  failing.noteChosen(10_201);
  failing.noteSuccess();
  assert.equal(failing.health.fails, 0);
});

test("never takes a peer out with max_fails=0", () => {
  const failing = peer(1, { maxFails: 0 });
  for (let count = 0; count < 5; count++) failing.noteFailure(count);
  assert.equal(failing.isAvailable(5), true);
});

test("a server id is the MD5 of the address", () => {
  const expected = createHash("md5").update("10.0.0.1:8243").digest("hex");
  assert.equal(peer(8243).serverId, expected);
});

test("a bound request goes to its peer, also when that one drains", () => {
  const [first, second] = [peer(1), peer(2, { drain: true })];
  const balancer = new StickyBalancer(new RoundRobin());
  assert.equal(balancer.pick([first, second], ask({ boundTo: second.serverId })), second);
});

test("a bound request goes elsewhere when its peer is gone, out or tried", () => {
  const [first, second] = [peer(1), peer(2)];
  const balancer = new StickyBalancer(new RoundRobin());
  const boundTo = second.serverId;
  assert.equal(balancer.pick([first], ask({ boundTo })), first);
  assert.equal(balancer.pick([first, second], ask({ boundTo, tried: new Set([second]) })), first);
  second.noteFailure(0);
  assert.equal(balancer.pick([first, second], ask({ boundTo })), first);
});

test("a hundred bound requests do not keep new sessions away from the peer", () => {
  const peers = [1, 2, 3, 4].map((weight) => peer(weight, { weight }));
  const balancer = new StickyBalancer(new RoundRobin());
  for (let count = 0; count < 100; count++) {
    balancer.pick(peers, ask({ boundTo: peers[1]?.serverId }));
  }
  const counts = new Map<number, number>();
  for (let count = 0; count < 10; count++) {
    const port = balancer.pick(peers, ask())?.config.port ?? 0;
    counts.set(port, (counts.get(port) ?? 0) + 1);
  }
  for (const weight of [1, 2, 3, 4]) {
    assert.ok(Math.abs((counts.get(weight) ?? 0) - weight) <= 1, `peer of weight ${weight}`);
  }
});

test("sessions are made only by create, refreshed and moved by any use", () => {
  const table = new SessionTable(new FakeClock(), 1 << 20, 1_000);
  table.bind("s", "a", false);
  assert.equal(table.find("s"), undefined);
  table.bind("s", "a", true);
  table.bind("s", "b", false);
  assert.equal(table.find("s"), "b");
  assert.equal(table.find("S"), undefined);
});

test("sessions end when they were idle for the time-out", () => {
  const clock = new FakeClock();
  const zones = new SessionZones(clock);
  const config = { zoneName: "z", zoneBytes: 1 << 20, timeoutMs: 2_000, shared: false };
  const table = zones.open(config);
  table.bind("old", "a", true);
  clock.advance(1_500);
  table.bind("fresh", "a", true);
  assert.equal(zones.open(config), table);
  clock.advance(1_000);
  assert.deepEqual([table.find("old"), table.find("fresh")], [undefined, "a"]);
  zones.close();
  assert.equal(clock.pendingCount, 0);
});

test("a full zone forgets the session that was used least recently, to the second", () => {
  const clock = new FakeClock();
  const table = new SessionTable(clock, 2 * SESSION_BYTES, 10_000);
  table.bind("one", "a", true);
  table.bind("two", "a", true);
  clock.advance(1_000);
  table.bind("one", "a", false);
  table.bind("three", "a", true);
  assert.deepEqual(
    [table.find("one"), table.find("two"), table.find("three"), table.size],
    ["a", undefined, "a", 2],
  );
});

test("members of the sub-domain that offer the scheme and answer are peers; the draining ones drain", () => {
  const member = {
    subDomain: "worker",
    host: "10.0.0.1",
    ports: { http: 80, https: 443 },
    state: "active",
  };
  const members = [
    member,
    { ...member, host: "10.0.0.2", state: "draining" },
    { ...member, host: "10.0.0.3", state: "joining" },
    { ...member, host: "10.0.0.4", state: "leaving" },
    { ...member, host: "10.0.0.5", subDomain: "mgt" },
    { ...member, host: "10.0.0.6", ports: { http: 80 } },
  ];
  const servers = { ...OPTIONS, subDomain: "worker", scheme: "https", weight: 2 } as const;
  assert.deepEqual(
    clusterPeers(servers, members).map(({ host, port, weight, drain }) => ({
      host,
      port,
      weight,
      drain,
    })),
    [
      { host: "10.0.0.1", port: 443, weight: 2, drain: false },
      { host: "10.0.0.2", port: 443, weight: 2, drain: true },
      { host: "10.0.0.4", port: 443, weight: 2, drain: false },
    ],
  );
});
