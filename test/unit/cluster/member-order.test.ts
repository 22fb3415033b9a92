/** The order of members by age, whatever their wall clocks say. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { byAge, givesWay, STARTED_MS_MAX } from "../../../src/cluster/member-order.ts";
import { makeMember } from "../../helpers/recording-cluster.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";
import { makeMemoryWorld } from "../../helpers/swim-world.ts";

const HOUR_MS = 3_600_000;

describe("the order of members", () => {
  const record = makeMember({});
  const self = { ...record, id: "b", startedAtMs: 1000 };
  const cases: readonly (readonly [
    what: string,
    ageMs: number,
    otherStartedMs: number,
    otherAgeMs: number,
    expected: number | undefined,
  ])[] = [
    ["is kept when the other one runs longer and comes first", 10_000, 900, 20_000, undefined],
    ["is turned when the other one runs longer and comes after", 10_000, 5000, 20_000, 5001],
    ["is turned when both say the same start", 10_000, 1000, 20_000, 1001],
    ["is kept when this one runs longer", 20_000, 5000, 10_000, undefined],
    ["is left to the clocks of members that started together", 10_000, 5000, 10_900, undefined],
    ["is kept when there is no later start", 10_000, STARTED_MS_MAX, 20_000, undefined],
  ];
  for (const [what, ageMs, startedAtMs, otherAgeMs, expected] of cases) {
    it(what, () => {
      const other = { ...record, id: "c", startedAtMs };
      const given = givesWay({ member: self, ageMs }, { member: other, ageMs: otherAgeMs });
      assert.equal(given, expected);
      if (given !== undefined) assert.ok(byAge(other, { ...self, startedAtMs: given }) < 0);
    });
  }

  for (const knowsOther of [true, false]) {
    const who = knowsOther ? "it greets the others" : "the others greet it";
    it(`makes no member whose clock is hours behind the coordinator when ${who}`, async () => {
      const world = makeMemoryWorld();
      const log = new MemoryLog();
      const late = { host: "127.0.0.1", port: 4101 };
      const first = await world.start({ port: 4100, wellKnown: knowsOther ? [] : [late] });
      const second = await world.start({ wellKnown: [first.self] });
      await world.pass(5000);
      world.clock.wallStartMs -= 5 * HOUR_MS;
      const wellKnown = knowsOther ? [first.self] : [];
      const third = await world.startLogged({ port: late.port, wellKnown }, log);
      await world.pass(3000);
      for (const member of [first, second, third]) {
        assert.equal(member.members().length, 3);
        assert.equal(member.coordinator().id, first.self.id);
        assert.equal(member.members().at(-1)?.id, third.self.id);
      }
      const elected = log.messages("info").filter((sentence) => sentence.startsWith("Elected"));
      if (knowsOther) assert.deepEqual(elected, []);
      await world.end();
    });
  }

  it("has the longest running member as coordinator when two halves meet whose clocks differ", async () => {
    const world = makeMemoryWorld();
    const first = await world.start({ port: 4100 });
    await world.pass(5000);
    world.clock.wallStartMs -= 5 * HOUR_MS;
    const [left, right] = [{ host: "127.0.0.1", port: 4101 }, first.self];
    const second = await world.start({ port: left.port });
    const third = await world.start({ wellKnown: [left] });
    assert.equal(third.coordinator().id, second.self.id);
    // It knows both halves.
    const fourth = await world.start({ wellKnown: [left, right] });
    await world.pass(5000);
    for (const member of [first, second, third, fourth]) {
      assert.equal(member.members().length, 4);
      assert.equal(member.coordinator().id, first.self.id);
    }
    await world.end();
  });
});
