/** What the manager remembers of the membership. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClusterEvents, Member } from "../../../src/cluster/cluster.ts";
import { MembershipJournal } from "../../../src/manager/membership-journal.ts";
import { FakeClock } from "../../helpers/fake-clock.ts";
import { makeMember } from "../../helpers/recording-cluster.ts";

function open() {
  const handlers: Partial<ClusterEvents> = {};
  const on = <Name extends keyof ClusterEvents>(name: Name, handler: ClusterEvents[Name]) => {
    Object.assign(handlers, { [name]: handler });
    return () => void Reflect.deleteProperty(handlers, name);
  };
  const journal = new MembershipJournal({ on, members: () => [] }, new FakeClock());
  return { journal, handlers };
}

const member = (given: Partial<Member>): Member => makeMember({ id: "m", name: "w", ...given });

test("tells who joined, changed and left, with the reason, after a number", () => {
  const { journal, handlers } = open();
  handlers.joined?.(member({ state: "joining" }));
  handlers.updated?.(member({ state: "active" }));
  handlers.updated?.(member({ state: "active", revision: "abc" }));
  handlers.left?.(member({ state: "active" }), "silent");
  assert.deepEqual(
    journal.after(1).map(({ number, kind, state, reason }) => [number, kind, state, reason]),
    [
      [2, "changed", "active", undefined],
      [3, "left", "active", "silent"],
    ],
  );
  assert.equal(journal.last, 3);
});

test("keeps the last 500", () => {
  const { journal, handlers } = open();
  for (let count = 0; count < 600; count++) handlers.joined?.(member({ id: `m${count}` }));
  assert.deepEqual(
    [journal.after(0).length, journal.after(0)[0]?.number, journal.last],
    [500, 101, 600],
  );
});

test("hears nothing more once it is closed, and has nothing to hear without a cluster", async () => {
  const { journal, handlers } = open();
  await journal.close();
  assert.deepEqual(handlers, {});
  assert.deepEqual(new MembershipJournal(undefined, new FakeClock()).after(0), []);
});
