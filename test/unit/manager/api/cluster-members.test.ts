/** GET /management/cluster/members and /events. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventLine, memberTable } from "../../../../src/cli/cluster-view.ts";
import { MEMBER_PROPERTIES } from "../../../../src/cluster/member-properties.ts";
import { startFixture } from "../../../helpers/management-fixture.ts";
import { makeMember, RecordingCluster } from "../../../helpers/recording-cluster.ts";

test("tells the members, oldest first, with what `bascule cluster leave` needs", async () => {
  const properties = { [MEMBER_PROPERTIES.machine]: "box", [MEMBER_PROPERTIES.processId]: "42" };
  const manager = makeMember({ id: "a", name: "manager", properties });
  const worker = makeMember({ id: "b", name: "worker-1", role: "worker", host: "fd00::1" });
  const { ask } = await startFixture(new RecordingCluster(manager, [worker]));
  const { count, list } = (await ask("GET", "/management/cluster/members")).json();
  assert.equal(count, 2);
  assert.deepEqual(
    [list[0].name, list[0].coordinator, list[0].machine, list[0].processId],
    ["manager", true, "box", 42],
  );
  assert.deepEqual(
    [list[1].coordinator, list[1].processId, list[1].address],
    [false, null, "[fd00::1]:4100"],
  );
  const table = memberTable(list).split("\n");
  assert.equal(table.length, 3);
  assert.match(table[1] ?? "", /^manager \*\s+manager\s+active/);
});

test("has no members and no events where clustering is off", async () => {
  const { ask } = await startFixture();
  const members = (await ask("GET", "/management/cluster/members")).json();
  assert.deepEqual(members, { count: 0, list: [] });
  const events = (await ask("GET", "/management/cluster/events?after=7")).json();
  assert.deepEqual(events, { since: "", last: 0, list: [] });
  assert.equal((await ask("GET", "/management/cluster/events?after=x")).status, 400);
});

test("a line of `bascule cluster watch` has WSO2's words and says why", () => {
  const event = { number: 1, at: "T", id: "i", name: "w", role: "worker", address: "h:1" };
  assert.equal(
    eventLine({ ...event, kind: "left", state: "active", reason: "silent" }),
    "T Member left [i]: /h:1 (w, worker, silent)",
  );
  assert.equal(
    eventLine({ ...event, kind: "changed", state: "draining" }),
    "T Member is draining [i]: /h:1 (w, worker)",
  );
});
