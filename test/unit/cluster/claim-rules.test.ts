/** Which claim beats which, what is believed from hearsay, and how a member refutes. */
import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import type { Member } from "../../../src/cluster/cluster.ts";
import { ClaimRules } from "../../../src/cluster/swim/claim-rules.ts";
import type { Claim } from "../../../src/cluster/swim/claim.ts";
import { MemberTable } from "../../../src/cluster/swim/member-table.ts";

function member(id: string, incarnation = 1, port = Number(id)): Member {
  const host = "10.0.0.1";
  return {
    id,
    name: id,
    host,
    port,
    role: "worker",
    domain: "d",
    hostNames: {
      name: id,
      hostname: host,
      domain: "",
      internalHostname: host,
      internalDomain: "",
    },
    subDomain: "worker",
    ports: {},
    properties: {},
    incarnation,
    revision: undefined,
    state: "active",
    startedAtMs: 0,
  };
}

const alive = (subject: Member): Claim => ({ kind: "alive", member: subject });
const suspect = (id: string, incarnation: number, by: string): Claim => ({
  kind: "suspect",
  id,
  incarnation,
  by,
});
const gone = (id: string, incarnation: number, reason: "left" | "silent"): Claim => ({
  kind: "gone",
  id,
  incarnation,
  reason,
  host: "10.0.0.1",
  port: Number(id),
});

describe("ClaimRules", () => {
  let table: MemberTable;
  let rules: ClaimRules;
  let events: string[];

  beforeEach(() => {
    events = [];
    table = new MemberTable(member("1"));
    rules = new ClaimRules(table, {
      joined: ({ id }) => events.push(`joined ${id}`),
      left: ({ id }, reason) => events.push(`${reason} ${id}`),
      updated: ({ id }) => events.push(`updated ${id}`),
      spread: () => {},
      suspected: (entry) => events.push(`suspected ${entry.member.id}`),
      greet: ({ port }) => events.push(`greet ${port}`),
      refuted: (by) => events.push(`refuted ${by}`),
      refusal: ({ id }) => (id === "9" ? "no" : undefined),
    });
    for (const id of ["2", "3", "4"]) rules.hear(alive(member(id)), id, 0);
    events.length = 0;
  });

  it("takes the newer record and reports only what has changed beside the incarnation", () => {
    rules.hear(alive({ ...member("2", 2), revision: "a" }), "2", 0);
    rules.hear(alive({ ...member("2", 3), revision: "a" }), "2", 0);
    rules.hear(alive({ ...member("2", 2), revision: "b" }), "3", 0);
    assert.deepEqual(events, ["updated 2"]);
    assert.equal(table.get("2")?.member.revision, "a");
  });

  it("lets a refutation win over every suspicion of an earlier incarnation", () => {
    rules.hear(suspect("2", 1, "3"), "3", 0);
    rules.hear(alive(member("2", 1)), "4", 0);
    assert.ok(table.get("2")?.suspicion);
    rules.hear(alive(member("2", 2)), "4", 0);
    rules.hear(suspect("2", 1, "4"), "4", 0);
    rules.expire(1_000_000);
    assert.ok(table.get("2") && !table.get("2")?.suspicion);
    assert.deepEqual(events, ["suspected 2"]);
  });

  it("takes a suspected member out when its time is over, sooner the more confirm it", () => {
    rules.hear(suspect("2", 1, "3"), "3", 0);
    rules.hear(suspect("2", 1, "4"), "4", 0);
    rules.hear(suspect("2", 1, "1"), "4", 0);
    rules.expire(849);
    assert.ok(table.get("2"));
    rules.expire(850);
    assert.deepEqual(events, ["suspected 2", "silent 2"]);
  });

  it("suspects a member first that is said to be silent, and believes it of one that it suspects itself", () => {
    rules.hear(gone("2", 1, "silent"), "3", 0);
    assert.ok(table.get("2")?.suspicion);
    rules.hear(gone("2", 1, "silent"), "4", 0);
    assert.deepEqual(events, ["suspected 2", "silent 2"]);
  });

  it("believes a farewell at once, and no late news after it", () => {
    rules.hear(gone("2", 1, "left"), "3", 0);
    rules.hear(alive(member("2", 1)), "3", 0);
    rules.hear(alive(member("2", 0)), "2", 0);
    assert.deepEqual(events, ["left 2"]);
  });

  it("asks a member itself that is said to live although it was silent, and takes it back when it refutes", () => {
    for (const by of ["3", "4"]) rules.hear(gone("2", 1, "silent"), by, 0);
    events.length = 0;
    rules.hear(alive(member("2", 1)), "3", 0);
    rules.hear(alive(member("2", 2)), "2", 0);
    assert.deepEqual(events, ["greet 2", "joined 2"]);
  });

  it("believes only from an address itself that somebody else is there now", () => {
    rules.hear(alive(member("7", 1, 2)), "3", 0);
    assert.deepEqual(events, ["greet 2"]);
    rules.hear(alive(member("7", 1, 2)), "7", 0);
    assert.deepEqual(events, ["greet 2", "replaced 2", "joined 7"]);
  });

  it("refutes what is said of itself, with a higher incarnation, until it leaves", () => {
    rules.hear(suspect("1", 1, "3"), "3", 0);
    assert.equal(table.self.incarnation, 2);
    rules.hear(gone("1", 5, "silent"), "4", 0);
    assert.equal(table.self.incarnation, 6);
    rules.hear(suspect("1", 5, "3"), "3", 0);
    rules.isLeaving = true;
    rules.hear(gone("1", 9, "silent"), "4", 0);
    assert.equal(table.self.incarnation, 6);
    assert.deepEqual(events, ["refuted 3", "refuted 4"]);
  });

  it("does not take up who is refused", () => {
    rules.hear(alive(member("9")), "9", 0);
    assert.equal(table.get("9"), undefined);
    assert.deepEqual(events, []);
  });

  it("has the same digest as whoever sees the same members, whatever the way there", () => {
    const other = new MemberTable(member("2"));
    other.add(member("4"), true);
    other.add(member("1"), true);
    const third = other.add(member("3", 7), true);
    assert.notEqual(other.view, table.view);
    other.renew(third, member("3"));
    assert.equal(other.view, table.view);
  });
});
