/** At least once: what is sent when, and what is kept for whom. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, it } from "node:test";
import { type ClusterMessage, REPLAY_MS } from "../../../src/cluster/cluster.ts";
import { IN_FLIGHT_MAX, KEPT_MESSAGES_MAX } from "../../../src/cluster/swim/swim-timing.ts";
import { Outbox } from "../../../src/cluster/swim/outbox.ts";
import { SeenIds } from "../../../src/cluster/swim/seen-ids.ts";

function message(topic = "t"): ClusterMessage {
  return { id: randomUUID(), topic, body: {} };
}

describe("Outbox", () => {
  it("repeats a message with growing pauses until it is acknowledged", () => {
    const outbox = new Outbox();
    outbox.addMember("a", 0);
    const sent = message();
    outbox.add(sent, 0);
    const times: number[] = [];
    for (let nowMs = 0; nowMs <= 4000; nowMs += 100) {
      if (outbox.due("a", nowMs).length > 0) times.push(nowMs);
    }
    assert.deepEqual(times, [0, 200, 600, 1400, 2400, 3400]);
    assert.ok(outbox.hasPending);
    outbox.acknowledge("a", sent.id);
    assert.ok(!outbox.hasPending);
    assert.deepEqual(outbox.due("a", 10_000), []);
  });

  it("stops when the member is gone", () => {
    const outbox = new Outbox();
    outbox.addMember("a", 0);
    outbox.add(message(), 0);
    outbox.removeMember("a");
    assert.ok(!outbox.hasPending);
    assert.deepEqual(outbox.due("a", 1000), []);
  });

  it("gives a joiner the messages of the last five minutes and no older ones", () => {
    const outbox = new Outbox();
    outbox.add(message("old"), 0);
    outbox.add(message("young"), 1);
    outbox.addMember("a", REPLAY_MS + 1);
    assert.deepEqual(
      outbox.due("a", REPLAY_MS + 1).map(({ topic }) => topic),
      ["young"],
    );
  });

  it("sends a joiner so many at a time, oldest first, and more as it acknowledges", () => {
    const outbox = new Outbox();
    for (let number = 0; number < IN_FLIGHT_MAX + 5; number += 1)
      outbox.add(message(`${number}`), 0);
    outbox.addMember("a", 1);
    const first = outbox.due("a", 1);
    assert.equal(first.length, IN_FLIGHT_MAX);
    assert.equal(first[0]?.topic, "0");
    assert.deepEqual(outbox.due("a", 2), []);
    outbox.acknowledge("a", first[0]?.id ?? "");
    assert.deepEqual(
      outbox.due("a", 3).map(({ topic }) => topic),
      [`${IN_FLIGHT_MAX}`],
    );
  });

  it("gives up the oldest message at the bound, and says which when it was still on its way", () => {
    const outbox = new Outbox();
    outbox.addMember("a", 0);
    const oldest = message("oldest");
    outbox.add(oldest, 0);
    for (let number = 1; number < KEPT_MESSAGES_MAX; number += 1) {
      assert.equal(outbox.add(message(), 0), undefined);
    }
    assert.equal(outbox.add(message(), 0), oldest);
    outbox.addMember("b", 0);
    assert.notEqual(outbox.due("b", 0)[0]?.topic, "oldest");
  });
});

describe("SeenIds", () => {
  it("knows an id again until so many others have come", () => {
    const seen = new SeenIds(2);
    assert.deepEqual(
      ["a", "a", "b", "a"].map((id) => seen.add(id)),
      [true, false, true, false],
    );
    seen.add("c");
    assert.ok(seen.add("a"));
  });
});
