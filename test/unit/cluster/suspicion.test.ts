/** How long a suspected member may refute; what news is told and how often; whom to probe next. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { subjectOf } from "../../../src/cluster/swim/claim.ts";
import { GossipQueue, gossipLimit } from "../../../src/cluster/swim/gossip-queue.ts";
import { ProbeRing } from "../../../src/cluster/swim/probe-ring.ts";
import { Suspicion, suspicionBounds, suspicionMs } from "../../../src/cluster/swim/suspicion.ts";

describe("a suspicion", () => {
  const bounds = { msMin: 1000, msMax: 2000, confirmations: 3 };
  for (const [confirmed, ms] of [
    [0, 2000],
    [1, 1500],
    [2, 1208],
    [3, 1000],
    [9, 1000],
  ] as const) {
    it(`lasts ${ms} ms with ${confirmed} confirmations`, () => {
      assert.equal(Math.round(suspicionMs(bounds, confirmed)), ms);
    });
  }

  it("is as short as can be where nobody could confirm it", () => {
    assert.equal(suspicionBounds(2, false).confirmations, 0);
    assert.equal(suspicionMs({ ...bounds, confirmations: 0 }, 0), 1000);
  });

  it("lasts longer in a large cluster, and for a member that is still joining", () => {
    assert.ok(suspicionBounds(100, false).msMin > suspicionBounds(10, false).msMin);
    assert.ok(suspicionBounds(10, true).msMin > suspicionBounds(10, false).msMin);
  });

  it("counts each accuser once and the first one not at all", () => {
    const suspicion = new Suspicion(bounds, "a", 0);
    assert.deepEqual(
      ["a", "b", "b", "c", "d", "e"].map((by) => suspicion.confirm(by)),
      [false, true, false, true, true, false],
    );
  });

  it("waits a little when this node stood still, but not for ever", () => {
    const suspicion = new Suspicion({ ...bounds, confirmations: 0 }, "a", 0);
    suspicion.grace(5000);
    assert.equal(suspicion.isOver(5000), false);
    assert.equal(suspicion.isOver(5400), true);
    for (const atMs of [6000, 7000, 8000, 9000]) suspicion.grace(atMs);
    assert.equal(suspicion.isOver(9000), true);
  });
});

describe("the gossip queue", () => {
  const claim = (id: string, incarnation = 1) =>
    ({ kind: "suspect", id, incarnation, by: "me" }) as const;

  it("tells what was told least first, and each piece a bounded number of times", () => {
    const queue = new GossipQueue(() => 100);
    for (const id of ["a", "b", "c"]) queue.add(claim(id));
    const told = Array.from({ length: 5 }, () => queue.take(200, 2).map(subjectOf));
    const counts = ["a", "b", "c"].map((id) => told.flat().filter((one) => one === id).length);
    assert.deepEqual(counts, [2, 2, 2]);
    assert.equal(queue.size, 0);
  });

  it("forgets older news of a member for newer, and keeps several accusers", () => {
    const queue = new GossipQueue(() => 100);
    queue.add({ kind: "suspect", id: "a", incarnation: 1, by: "x" });
    queue.add({ kind: "suspect", id: "a", incarnation: 1, by: "y" });
    assert.equal(queue.size, 2);
    queue.add({ kind: "gone", id: "a", incarnation: 1, reason: "silent", host: "h", port: 1 });
    assert.equal(queue.size, 1);
  });

  it("grows the number of times with the logarithm of the cluster's size", () => {
    assert.deepEqual(
      [1, 9, 99, 999].map((members) => gossipLimit(5, members)),
      [2, 5, 10, 15],
    );
  });
});

describe("the probe ring", () => {
  it("comes to each member once in a round, newcomers and losses regardless", () => {
    let state = 7;
    const ring = new ProbeRing(() => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647);
    for (const id of ["a", "b", "c", "d"]) ring.add(id);
    const round = () => new Set(Array.from({ length: 4 }, () => ring.next()));
    assert.deepEqual(round(), new Set(["a", "b", "c", "d"]));
    ring.remove("b");
    ring.add("e");
    assert.equal(round().size, 4);
    assert.equal(ring.some(9, (id) => id === "a").includes("a"), false);
  });
});
