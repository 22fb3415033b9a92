/**
 * All balancers by one table. The sequences were recorded from nginx 1.22 with the same servers, keys and IP
 * addresses; only the answer for a client on a unix socket was not.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PickRequest } from "../../../../src/gateway/upstream/balancers/balancer.ts";
import { makeBalancers } from "../../../../src/gateway/upstream/balancers/make-balancer.ts";
import { Peer } from "../../../../src/gateway/upstream/peer.ts";
import type {
  BalancingMethod,
  PeerConfig,
} from "../../../../src/gateway/upstream/upstream-config.ts";
import { Template } from "../../../../src/gateway/nginx/template.ts";

/** A method without what its configuration evaluates per request. */
type Method = "round_robin" | "least_conn" | "ip_hash" | "hash" | "consistent" | "random" | "two";

function methodOf(name: Method): BalancingMethod {
  const key = new Template("k", { file: "test", line: 1 });
  if (name === "hash" || name === "consistent") {
    return { kind: "hash", key, consistent: name === "consistent" };
  }
  if (name === "random" || name === "two") return { kind: "random", two: name === "two" };
  return { kind: name };
}

function peer(number: number, options: Partial<PeerConfig> = {}): Peer {
  const port = 19_100 + number;
  return new Peer({
    name: `127.0.0.1:${port}`,
    host: "127.0.0.1",
    port,
    weight: 1,
    maxFails: 1,
    failTimeoutMs: 10_000,
    connectionsMax: 0,
    backup: false,
    down: false,
    drain: false,
    route: undefined,
    ...options,
  });
}

/** Weights 2, 1, 3, and one that is down. */
function fourPeers(): readonly Peer[] {
  return [peer(1, { weight: 2 }), peer(2), peer(3, { weight: 3 }), peer(4, { down: true })];
}

function ask(given: { readonly key?: string; readonly address?: string } = {}): PickRequest {
  const { key = "", address = "127.0.0.1" } = given;
  const walk = { clientAddress: address, key, hash: undefined, rounds: 0, misses: 0 };
  return { tried: new Set(), nowMs: 0, boundTo: undefined, walk };
}

/** Numbers from 0 up to 1 that come back always in the same order. */
function fixedRandom(): () => number {
  let state = 0;
  return () => {
    state = (state + 0.618) % 1;
    return state;
  };
}

const numberOf = (chosen: Peer | undefined) => (chosen ? chosen.config.port - 19_100 : "-");

interface Case {
  readonly method: Method;
  readonly what: string;
  readonly requests: readonly PickRequest[];
  readonly expected: string;
}

const sixteenKeys = Array.from({ length: 16 }, (_, at) => `key${at}`);
const addresses = ["127.0.0.1", "10.1.2.3", "10.1.2.77", "192.168.7.1", "2001:db8::1", "unix:"];

const CASES: readonly Case[] = [
  {
    method: "round_robin",
    what: "by weight, smoothly",
    requests: sixteenKeys.map(() => ask()),
    expected: "3 1 2 3 1 3 3 1 2 3 1 3 3 1 2 3",
  },
  {
    method: "least_conn",
    what: "as the round robin while nobody is busy",
    requests: sixteenKeys.map(() => ask()),
    expected: "3 1 2 3 1 3 3 1 2 3 1 3 3 1 2 3",
  },
  {
    method: "hash",
    what: "by key",
    requests: sixteenKeys.map((key) => ask({ key })),
    expected: "1 2 3 3 2 3 3 3 1 3 1 3 3 3 1 3",
  },
  {
    method: "consistent",
    what: "by the ring",
    requests: sixteenKeys.map((key) => ask({ key })),
    expected: "2 2 3 2 2 3 3 1 2 3 1 1 3 3 3 1",
  },
  {
    method: "ip_hash",
    what: "by network of the client",
    requests: [...addresses, ...addresses].map((address) => ask({ address })),
    expected: "1 2 2 3 3 1 1 2 2 3 3 1",
  },
  {
    method: "hash",
    what: "as the round robin without a key",
    requests: [ask(), ask(), ask()],
    expected: "3 1 2",
  },
];

for (const { method, what, requests, expected } of CASES) {
  test(`${method} spreads ${what}`, () => {
    const { primaries } = makeBalancers(methodOf(method), fixedRandom());
    const peers = fourPeers();
    const chosen = requests.map((request) => numberOf(primaries.pick(peers, request)));
    assert.equal(chosen.join(" "), expected);
  });
}

const ALL: readonly Method[] = [
  "round_robin",
  "least_conn",
  "ip_hash",
  "hash",
  "consistent",
  "random",
  "two",
];

for (const method of ALL) {
  const pick = (peers: readonly Peer[], request: PickRequest) =>
    makeBalancers(methodOf(method), fixedRandom()).primaries.pick(peers, request);

  test(`${method} gives nothing to peers that are down, drain, are full, failed or were tried`, () => {
    const full = peer(3, { connectionsMax: 1 });
    full.health.active = 1;
    const failed = peer(4);
    failed.noteFailure(0);
    const tried = peer(5);
    const peers = [peer(1, { down: true }), peer(2, { drain: true }), full, failed, tried];
    const request = { ...ask({ key: "k" }), tried: new Set([tried]) };
    assert.equal(pick(peers, request), undefined);
    const live = peer(6);
    assert.equal(pick([...peers, live], { ...request, walk: ask({ key: "k" }).walk }), live);
  });

  test(`${method} tries every peer once within a request`, () => {
    const balancer = makeBalancers(methodOf(method), fixedRandom()).primaries;
    const peers = [peer(1), peer(2), peer(3)];
    const tried = new Set<Peer>();
    const request = { ...ask({ key: "k" }), tried };
    for (const _ of peers) {
      const chosen = balancer.pick(peers, request);
      assert.ok(chosen && !tried.has(chosen));
      tried.add(chosen);
    }
    assert.equal(balancer.pick(peers, request), undefined);
  });
}

test("least_conn counts requests in progress by weight", () => {
  const [heavy, light] = [peer(1, { weight: 3 }), peer(2)];
  heavy.health.active = 2;
  light.health.active = 1;
  const { primaries } = makeBalancers({ kind: "least_conn" }, fixedRandom());
  assert.equal(primaries.pick([light, heavy], ask()), heavy);
  heavy.health.active = 4;
  assert.equal(primaries.pick([light, heavy], ask()), light);
});

test("random two takes the less loaded of the two", () => {
  const [busy, idle] = [peer(1), peer(2)];
  busy.health.active = 5;
  const { primaries } = makeBalancers({ kind: "random", two: true }, fixedRandom());
  for (let count = 0; count < 10; count++) {
    assert.equal(primaries.pick([busy, idle], ask()), idle);
  }
});

test("a removed server moves only its own keys of a consistent hash", () => {
  const { primaries } = makeBalancers(methodOf("consistent"), fixedRandom());
  const before = [peer(1), peer(2), peer(3)];
  const after = before.slice(0, 2);
  for (let count = 0; count < 200; count++) {
    const key = `session${count}`;
    const [first, second] = [before, after].map((peers) => primaries.pick(peers, ask({ key })));
    if (first !== before[2]) assert.equal(second, first);
  }
});
