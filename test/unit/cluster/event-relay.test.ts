/** Order and safety of cluster events. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ClusterMessage, Member } from "../../../src/cluster/cluster.ts";
import { EventRelay } from "../../../src/cluster/event-relay.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";

const MEMBER: Member = {
  id: "id",
  name: "n",
  host: "h",
  port: 1,
  role: "worker",
  domain: "d",
  hostNames: { name: "n", hostname: "h", domain: "", internalHostname: "h", internalDomain: "" },
  subDomain: "worker",
  ports: {},
  properties: {},
  incarnation: 0,
  revision: undefined,
  state: "active",
  startedAtMs: 0,
};

function message(topic: string): ClusterMessage {
  return { id: topic, topic, body: {} };
}

describe("EventRelay", () => {
  it("finishes one event before the next, also when a handler causes it", () => {
    const relay = new EventRelay(new MemoryLog());
    const calls: string[] = [];
    relay.on("joined", () => {
      calls.push("joined, first handler");
      relay.emit("left", MEMBER, "silent");
    });
    relay.on("joined", () => calls.push("joined, second handler"));
    relay.on("left", (_member, reason) => calls.push(`left, ${reason}`));
    relay.emit("joined", MEMBER);
    assert.deepEqual(calls, ["joined, first handler", "joined, second handler", "left, silent"]);
  });

  it("goes on when a handler throws, and logs it", () => {
    const log = new MemoryLog();
    const relay = new EventRelay(log);
    let called = 0;
    relay.on("joined", () => {
      throw new Error("broken");
    });
    relay.on("joined", () => (called += 1));
    relay.emit("joined", MEMBER);
    assert.equal(called, 1);
    assert.deepEqual(log.messages("error"), [
      'a handler of the cluster event "joined" failed: broken',
    ]);
  });

  it("does not call a handler that was removed", () => {
    const relay = new EventRelay(new MemoryLog());
    let called = 0;
    const remove = relay.on("updated", () => (called += 1));
    remove();
    relay.emit("updated", MEMBER);
    assert.equal(called, 0);
  });

  it("holds messages until somebody listens, 256 at most", () => {
    const relay = new EventRelay(new MemoryLog());
    for (let number = 0; number < 300; number += 1) relay.emitMessage(message(`${number}`), MEMBER);
    const topics: string[] = [];
    relay.on("message", ({ topic }) => topics.push(topic));
    assert.equal(topics.length, 256);
    assert.equal(topics[0], "44");
    relay.emitMessage(message("more"), MEMBER);
    assert.equal(topics.at(-1), "more");
  });
});
