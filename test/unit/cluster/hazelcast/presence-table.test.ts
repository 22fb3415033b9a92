import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Member } from "../../../../src/cluster/cluster.ts";
import { PresenceTable } from "../../../../src/cluster/hazelcast/presence-table.ts";

function member(id: string, port = 4000, incarnation = 0): Member {
  const names = { name: id, hostname: "h", domain: "", internalHostname: "h", internalDomain: "" };
  return {
    id,
    name: id,
    host: "10.0.0.1",
    port,
    role: "worker",
    domain: "d",
    hostNames: names,
    subDomain: "worker",
    ports: {},
    properties: {},
    incarnation,
    revision: undefined,
    state: "active",
    startedAtMs: 1,
  };
}

describe("what is known of members", () => {
  it("takes only a new sequence number for a sign of life", () => {
    const table = new PresenceTable();
    table.hear({ member: member("a"), seq: 1 }, "event", 0);
    table.hear({ member: member("a"), seq: 1 }, "read", 3000);
    assert.deepEqual(table.silentSince(1), ["a"]);
    table.hear({ member: member("a"), seq: 2 }, "read", 3000);
    assert.deepEqual(table.silentSince(1), []);
  });

  it("lets a silent member come back with a newer sign of life only", () => {
    const table = new PresenceTable();
    table.hear({ member: member("a"), seq: 5 }, "event", 0);
    table.remove("a", false);
    assert.equal(table.hear({ member: member("a"), seq: 5 }, "read", 1).kind, "known");
    assert.equal(table.hear({ member: member("a"), seq: 6 }, "read", 2).kind, "joined");
  });

  it("never takes up a member again that has said farewell", () => {
    const table = new PresenceTable();
    table.hear({ member: member("a"), seq: 5 }, "event", 0);
    table.remove("a", true);
    assert.equal(table.hear({ member: member("a"), seq: 9 }, "event", 1).kind, "known");
  });

  it("replaces the member at the same address when another one is news", () => {
    const table = new PresenceTable();
    table.hear({ member: member("old"), seq: 5 }, "event", 0);
    const heard = table.hear({ member: member("new"), seq: 1 }, "event", 1);
    assert.deepEqual(heard, { kind: "joined", replaced: [member("old")] });
    assert.equal(table.hear({ member: member("old"), seq: 6 }, "event", 2).kind, "known");
  });

  it("does not take the leftover of a dead process for the one at its address", () => {
    const table = new PresenceTable();
    table.hear({ member: member("new"), seq: 1 }, "event", 0);
    assert.equal(table.hear({ member: member("old"), seq: 5 }, "read", 1).kind, "known");
    assert.equal(table.hear({ member: member("old"), seq: 5 }, "read", 2).kind, "known");
    assert.deepEqual(table.members(), [member("new")]);
    assert.equal(table.hear({ member: member("old"), seq: 6 }, "read", 3).kind, "joined");
  });

  it("tells a changed record from a sign of life, and forgives all or one", () => {
    const table = new PresenceTable();
    table.hear({ member: member("a"), seq: 1 }, "event", 0);
    table.hear({ member: member("b", 4001), seq: 1 }, "event", 0);
    assert.equal(table.hear({ member: member("a", 4000, 1), seq: 2 }, "event", 0).kind, "updated");
    table.forgive(10, "a");
    assert.deepEqual(table.silentSince(5), ["b"]);
    table.forgive(10);
    assert.deepEqual(table.silentSince(5), []);
  });
});
