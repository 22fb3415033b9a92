/** Which workers get requests while revisions differ and members drain: a real upstream over simulated members. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MemberDirectory } from "../../../../src/cli/member-directory.ts";
import type { Member } from "../../../../src/cluster/cluster.ts";
import type { RequestContext } from "../../../../src/gateway/http/request-context.ts";
import { systemNetwork } from "../../../../src/gateway/resolver/dns-network.ts";
import { Resolvers } from "../../../../src/gateway/resolver/resolvers.ts";
import { SessionZones } from "../../../../src/gateway/upstream/session-zones.ts";
import { Upstream } from "../../../../src/gateway/upstream/upstream.ts";
import type {
  PeerConfig,
  UpstreamConfig,
} from "../../../../src/gateway/upstream/upstream-config.ts";
import { readPeerOptions } from "../../../../src/gateway/upstream/upstream-directives.ts";
import { FakeClock } from "../../../helpers/fake-clock.ts";
import { MemoryLog } from "../../../helpers/memory-log.ts";
import { SimulatedMembership } from "../../../helpers/simulated-membership.ts";
import { SeededRandom, seedOfRun } from "../../../simulation/seeded-random.ts";

interface Given {
  readonly peers?: readonly PeerConfig[];
  readonly clusterServers?: UpstreamConfig["clusterServers"];
}

const WORKERS: UpstreamConfig["clusterServers"] = [
  { ...readPeerOptions([]), subDomain: "worker", scheme: "http" },
];

function server(host: string, words: readonly string[] = []): PeerConfig {
  return { ...readPeerOptions(words), name: `${host}:8280`, host, port: 8280 };
}

function room({ peers = [], clusterServers = peers.length > 0 ? [] : WORKERS }: Given = {}) {
  const [clock, log, membership] = [new FakeClock(), new MemoryLog(), new SimulatedMembership()];
  const directory = new MemberDirectory({ membership, clock, log });
  const zones = new SessionZones(clock);
  let session = "";
  const template = { isConstant: false, text: "", evaluate: () => session };
  const zone = { zoneName: "z", zoneBytes: 1 << 20, timeoutMs: 600_000, shared: false };
  const learned = { atHead: false, create: [template], lookup: [template], ...zone };
  const config = {
    name: "u",
    method: { kind: "round_robin" },
    peers,
    clusterServers,
    resolvedServers: [],
    sticky: { kind: "learn", ...learned },
    keepalive: { idleCount: 0, requestCount: 1, ageMs: 1, idleMs: 1 },
  } as unknown as UpstreamConfig;
  const resolvers = new Resolvers({ clock, network: systemNetwork });
  const upstream = new Upstream(config, { clock, directory, zones, resolvers, logError: () => {} });
  const context = { remoteAddress: "10.9.9.9" } as RequestContext;
  /** The last part of the address that a request reached; a session is bound to it. */
  const ask = (name = ""): number | undefined => {
    session = name;
    const picked = upstream.pick(context, upstream.startWalk(context));
    if (picked.kind === "none") return undefined;
    upstream.sticky?.learn(context, picked.peer);
    upstream.release(picked.peer, "success");
    return Number(picked.peer.config.host.split(".").at(-1));
  };
  const reached = (): string => {
    const found = new Set(Array.from({ length: 8 }, () => ask()));
    return [...found].sort((one = 0, other = 0) => one - other).join(" ");
  };
  return { clock, membership, directory, upstream, ask, reached };
}

/** Two workers and a manager on revision a, for longer than any grace. */
function settled(given: Given = {}) {
  const world = room(given);
  world.membership.manager("a");
  world.membership.worker(1, { revision: "a" });
  world.membership.worker(2, { revision: "a" });
  world.clock.advance(5_000);
  return world;
}

test("a worker that missed the switch gets nothing once the grace is over, and comes back when it has caught up", () => {
  const { clock, membership, upstream, reached } = settled();
  membership.manager("b");
  membership.worker(1, { revision: "b" });
  assert.deepEqual([reached(), upstream.isOnLive], ["1 2", false]);
  clock.advance(999);
  assert.equal(reached(), "1 2");
  clock.advance(1);
  assert.deepEqual([reached(), upstream.isOnLive], ["1", true]);
  membership.worker(2, { revision: "b" });
  assert.deepEqual([reached(), upstream.isOnLive], ["1 2", true]);
});

test("a worker that the manager lists as late gets nothing at once", () => {
  const { membership, upstream, reached } = settled();
  membership.worker(1, { revision: "b" });
  membership.manager("b", "worker-2, other");
  assert.deepEqual([reached(), upstream.isOnLive], ["1", true]);
});

test("while nobody is on live all serve as before", () => {
  const { clock, membership, upstream, reached } = settled();
  membership.manager("b", "worker-1,worker-2");
  clock.advance(60_000);
  assert.deepEqual([reached(), upstream.isOnLive], ["1 2", false]);
});

test("a switch that is heard of before the manager's word takes nobody out", () => {
  const { clock, membership, reached, ask } = settled();
  const bound = [ask("s"), ask("t")];
  membership.worker(1, { revision: "b" });
  assert.equal(reached(), "1 2");
  clock.advance(900);
  membership.manager("b");
  membership.worker(2, { revision: "b" });
  clock.advance(5_000);
  assert.deepEqual([ask("s"), ask("t")], bound);
});

test("a worker that comes with an old revision gets nothing before it has caught up", () => {
  const { membership, reached } = settled();
  membership.worker(3, { revision: "older" });
  assert.equal(reached(), "1 2");
  membership.worker(3, { revision: "a" });
  assert.equal(reached(), "1 2 3");
});

test("a worker that was missed for a moment and has missed the switch gets nothing, however soon it is back", () => {
  const { clock, membership, upstream, reached } = settled();
  membership.remove("worker-2");
  membership.manager("b");
  membership.worker(1, { revision: "b" });
  clock.advance(200);
  membership.worker(2, { revision: "a" });
  assert.deepEqual([reached(), upstream.isOnLive], ["1", true]);
  membership.worker(2, { revision: "b" });
  assert.deepEqual([reached(), upstream.isOnLive], ["1 2", true]);
});

test("the last known revision counts while no manager is there", () => {
  const { clock, membership, directory, reached } = settled();
  membership.remove("manager");
  membership.worker(2, { revision: "old" });
  clock.advance(2_000);
  assert.deepEqual([directory.live, reached()], ["a", "1"]);
  membership.manager(undefined);
  assert.equal(directory.live, "a");
});

test("sessions of a worker out of rotation move, and stay where they went", () => {
  const { clock, membership, ask } = settled();
  const [first, second] = [ask("s"), ask("t")];
  assert.notEqual(first, second);
  const moved = first === 1 ? "s" : "t";
  membership.manager("b", "worker-1");
  membership.worker(2, { revision: "b" });
  assert.equal(ask(moved), 2);
  membership.worker(1, { revision: "b" });
  membership.manager("b");
  clock.advance(5_000);
  assert.equal(ask(moved), 2);
});

test("configured servers that are members obey too, by address and by name; others are left alone", () => {
  const named = { ...server("10.5.5.5"), name: "worker-2:8280" };
  const { membership, reached } = settled({
    peers: [server("10.0.0.1"), named, server("10.0.0.9")],
  });
  assert.equal(reached(), "1 5 9");
  membership.manager("b", "worker-2");
  membership.worker(1, { revision: "b" });
  assert.equal(reached(), "1 9");
  membership.worker(1, { state: "draining" });
  assert.equal(reached(), "9");
});

test("a configured server at another port of a member's machine is no member", () => {
  const other = { ...server("10.0.0.2"), port: 9000 };
  const { membership, reached } = settled({ peers: [server("10.0.0.1"), other] });
  membership.manager("b", "worker-2");
  membership.worker(1, { revision: "b" });
  assert.equal(reached(), "1 2");
});

test("a backup on live is enough to take primaries out", () => {
  const { membership, reached } = settled({
    peers: [server("10.0.0.1"), server("10.0.0.2", ["backup"])],
  });
  assert.equal(reached(), "1");
  membership.manager("b", "worker-1");
  membership.worker(2, { revision: "b" });
  assert.equal(reached(), "2");
});

test("a draining worker keeps its sessions and gets no new ones; where all drain they go on", () => {
  const { membership, ask, reached } = settled();
  const bound = ask("s");
  membership.worker(bound ?? 0, { state: "draining" });
  const other = bound === 1 ? 2 : 1;
  assert.deepEqual([ask("s"), ask("new"), reached()], [bound, other, String(other)]);
  membership.worker(other, { state: "draining" });
  assert.equal(reached(), "1 2");
});

test("a worker that leaves loses its sessions before its ports close, configured or not", () => {
  for (const peers of [[], [server("10.0.0.1"), server("10.0.0.2")]]) {
    const { membership, ask, reached } = settled({ peers });
    const bound = ask("s") ?? 0;
    membership.worker(bound, { state: "leaving" });
    const other = bound === 1 ? 2 : 1;
    assert.deepEqual([ask("s"), reached()], [other, String(other)]);
  }
});

test("the last worker is used while it leaves, until another one is there", () => {
  for (const peers of [[], [server("10.0.0.1"), server("10.0.0.2")]]) {
    const { membership, ask, reached } = settled({ peers });
    membership.worker(2, { state: "joining" });
    const bound = ask("s");
    membership.worker(1, { state: "leaving" });
    assert.deepEqual([bound, ask("s"), reached()], [1, 1, "1"]);
    membership.worker(2, { state: "active" });
    assert.deepEqual([ask("s"), reached()], [2, "2"]);
  }
});

test("configured servers that are not in service yet are asked where nobody else is there", () => {
  const { membership, reached } = settled({ peers: [server("10.0.0.1"), server("10.0.0.2")] });
  membership.worker(1, { state: "joining" });
  assert.equal(reached(), "2");
  membership.worker(2, { state: "joining" });
  assert.equal(reached(), "1 2");
});

test("a gateway does not confirm while its last worker leaves with an old revision", () => {
  const { clock, membership, upstream, reached } = settled();
  membership.remove("worker-2");
  membership.worker(1, { state: "leaving" });
  membership.manager("b");
  clock.advance(5_000);
  assert.deepEqual([reached(), upstream.isOnLive], ["1", false]);
  membership.worker(2, { revision: "b" });
  assert.deepEqual([reached(), upstream.isOnLive], ["2", true]);
});

test("what a worker failed to do before its restart does not keep requests from it afterwards", () => {
  for (const peers of [[], [server("10.0.0.1"), server("10.0.0.2")]]) {
    const { membership, upstream, reached } = settled({ peers });
    const [first] = upstream.peers;
    assert.ok(first);
    upstream.release(first, "failure");
    assert.equal(reached(), "2");
    membership.worker(1, { properties: { some: "news" } });
    assert.equal(reached(), "2");
    membership.worker(1, { id: "the-process-after-it" });
    membership.worker(2, { state: "leaving" });
    membership.worker(3, { revision: "a", state: "draining" });
    assert.equal(reached(), "1");
  }
});

test("a draining worker on live does not take those behind out, for it takes no new sessions", () => {
  const { membership, reached } = settled();
  membership.manager("b", "worker-2");
  membership.worker(1, { revision: "b", state: "draining" });
  assert.equal(reached(), "2");
});

test("a membership without news for an upstream leaves its peers as they are", () => {
  const { membership, upstream } = settled();
  const before = upstream.peers;
  membership.set("gateway-9", { role: "gateway" });
  assert.ok(upstream.peers.every((peer, at) => peer === before[at]));
});

test("tells the sessions bound to a node, with their age", () => {
  const { clock, upstream, ask } = settled();
  const bound = ask("s");
  clock.advance(3_000);
  ask("t");
  ask("s");
  const told = upstream.boundTo(new Set([`worker-${bound}`]));
  const isShared = false;
  assert.deepEqual(told, [
    { node: `worker-${bound}`, isShared, bound: { count: 1, oldestMs: 3_000 } },
  ]);
  assert.deepEqual(upstream.boundTo(new Set(["nobody"])), []);
});

const STATES: readonly Member["state"][] = ["active", "active", "draining", "joining", "leaving"];

test("whatever happens, somebody answers as long as a worker serves, and nobody behind when it was confirmed", () => {
  const seed = seedOfRun();
  const random = new SeededRandom(seed);
  const one = <Value>(values: readonly Value[]): Value | undefined =>
    values[random.whole(0, values.length - 1)];
  const { clock, membership, upstream, directory, ask } = settled();
  for (let step = 0; step < 5_000; step++) {
    const revision = one(["a", "b", "c"]);
    if (random.happens(0.2))
      membership.manager(revision, one(["", "worker-1", "worker-2,worker-3"]));
    else if (random.happens(0.1)) membership.remove(`worker-${random.whole(1, 3)}`);
    else membership.worker(random.whole(1, 3), { revision, state: one(STATES) ?? "active" });
    clock.advance(random.whole(0, 700));
    const workers = membership.members().filter(({ role }) => role === "worker");
    const serving = workers.filter(({ state }) => state !== "joining");
    const reached = ask(random.happens(0.5) ? `s${random.whole(1, 20)}` : "");
    const context = `step ${step}, SEED=${seed}`;
    assert.equal(reached !== undefined, serving.length > 0, context);
    if (reached === undefined || !upstream.isOnLive) continue;
    const worker = workers.find(({ name }) => name === `worker-${reached}`);
    assert.equal(worker?.revision, directory.live, context);
  }
});
