import assert from "node:assert/strict";
import { test } from "node:test";
import { memberTable } from "../../../../src/cli/cluster-view.ts";
import { certificateEnds } from "../../../../src/manager/api/certificate-end-body.ts";
import { certificateEnd } from "../../../../src/manager/trust/certificate-end.ts";
import { FakeClock } from "../../../helpers/fake-clock.ts";

const DAY_MS = 86_400_000;
const NOW_MS = Date.UTC(2026, 10, 21);

const after = (days: number) => certificateEnd(NOW_MS + days * DAY_MS, NOW_MS);

test("tells the days that are left, and warns when fewer than fourteen are", () => {
  assert.deepEqual(after(14), {
    certificateUntil: "2026-12-05T00:00:00.000Z",
    certificateDaysLeft: 14,
  });
  const warnings = [13.9, 1, 0.5, -0.1].map((days) => after(days).certificateWarning ?? "");
  const words = [/in 13 days;/, /in 1 day;/, /within a day;/, /has expired;/];
  for (const [index, word] of words.entries()) assert.match(warnings[index] ?? "", word);
  assert.equal(after(-0.1).certificateDaysLeft, -1);
});

test("is known of registered nodes by a manager with the authority, and shown in the table of members", async () => {
  const clock = new FakeClock(NOW_MS);
  assert.equal((await certificateEnds(undefined, clock)).size, 0);
  const node = { role: "worker", registeredAtMs: 0, isInTouch: false };
  const trust = {
    members: async () => [
      { ...node, name: "soon", certificateUntilMs: NOW_MS + 3 * DAY_MS },
      { ...node, name: "over", certificateUntilMs: NOW_MS - DAY_MS },
      { ...node, name: "fine", certificateUntilMs: NOW_MS + 300 * DAY_MS },
    ],
  };
  const ends = await certificateEnds(trust, clock);
  const member = {
    id: "i",
    role: "worker",
    address: "h:1",
    internalHost: "h",
    state: "active",
    revision: null,
    coordinator: false,
    machine: "",
    processId: null,
  };
  const names = ["soon", "over", "fine", "stranger"];
  const rows = names.map((name) => ({ ...member, name, ...ends.get(name) }));
  const lines = memberTable(rows).split("\n");
  const cells = [/^soon .* 3 days +i$/, /^over .* expired +i$/, /^fine .* 300 days +i$/, / - +i$/];
  for (const [index, cell] of cells.entries()) assert.match(lines[index + 1] ?? "", cell);
  assert.deepEqual(lines.slice(5), [
    `WARNING: soon: ${after(3).certificateWarning}`,
    `WARNING: over: ${after(-1).certificateWarning}`,
  ]);
});
