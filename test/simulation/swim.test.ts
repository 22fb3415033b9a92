/**
 * Membership on a bad network, hours in seconds: what docs/clustering.md promises, whatever the seed.
 * A failure names its seed; SEED=<number> begins there, and other numbers look elsewhere.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seedOfRun } from "./seeded-random.ts";
import { LOSSY } from "./swim-simulation.ts";
import {
  AGREED_MS,
  calmFor,
  CRASH_SEEN_MS,
  crashOne,
  pauseOne,
  simulate,
  splitAndHeal,
} from "./swim-scenarios.ts";

const SEED = seedOfRun();
const MEMBERS = 10;
const HOUR_MS = 3_600_000;

function seeds(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => SEED + index);
}

describe("the embedded provider on a bad network", () => {
  it("takes nobody for dead in an hour in which one of twenty packets is lost", async () => {
    await simulate(SEED, MEMBERS, (simulation, members) => calmFor(simulation, members, HOUR_MS));
  });

  it("tells every member of a crash within three seconds, in 99 of 100 runs", async () => {
    const times: number[] = [];
    for (const seed of seeds(100))
      times.push(await simulate(seed, MEMBERS, (simulation) => crashOne(simulation, AGREED_MS)));
    times.sort((one, other) => one - other);
    assert.ok((times[98] ?? Infinity) <= CRASH_SEEN_MS, `${times.slice(-3).join()} ms`);
  });

  it("agrees again within five seconds after partitions of every shape and length have healed", async () => {
    for (const seed of seeds(40))
      await simulate(seed, MEMBERS, (simulation) => splitAndHeal(simulation, AGREED_MS));
  });

  it("overlooks a node that stands still for up to 0.8 s, and takes one back at once that does so for longer", async () => {
    for (const seed of seeds(20))
      await simulate(seed, MEMBERS, async (simulation) => {
        await pauseOne(simulation, 800);
        assert.deepEqual(
          simulation.live.flatMap(({ left }) => left),
          [],
        );
        await pauseOne(simulation, 30_000);
      });
  });

  it("sends as many packets from each node of a large cluster as of a small one", async () => {
    const rates: number[] = [];
    for (const members of [10, 40])
      rates.push(
        await simulate(SEED, members, (simulation, all) => calmFor(simulation, all, 30_000)),
      );
    const [small = 0, large = Infinity] = rates;
    assert.ok(
      large < 1.5 * small,
      `${rates.map((rate) => rate.toFixed(1)).join(" and ")} a second`,
    );
  });

  it("keeps together when all well-known members are down, and lets them in again", async () => {
    await simulate(SEED, 6, async (simulation) => {
      const [first, second] = simulation.live;
      for (const wellKnown of [first, second]) if (wellKnown) simulation.crash(wellKnown);
      assert.ok((await simulation.untilAgreed(AGREED_MS)) !== undefined);
      assert.equal(simulation.live.length, 4);
      simulation.restart(0);
      simulation.restart(1);
      assert.ok((await simulation.untilAgreed(AGREED_MS)) !== undefined);
      assert.equal(simulation.live.length, 6);
    });
  });

  it("delivers every message once to every member, through loss, repetition and partitions", async () => {
    for (const seed of seeds(2)) {
      await simulate(seed, 6, async (simulation, members) => {
        simulation.weather = { loss: 0.2, repetition: 0.2, delayMsMax: 60 };
        const said: string[] = [];
        for (let number = 0; number < 100; number += 1) {
          const topic = `message ${number}`;
          said.push(topic);
          members[number % 6]?.cluster.broadcast(topic, { number });
          if (number === 30) simulation.split([members.slice(0, 1), members.slice(1)]);
          if (number === 60) simulation.heal();
          await simulation.passAsync(100);
        }
        simulation.weather = LOSSY;
        await simulation.passAsync(20_000);
        for (const [index, { topics }] of members.entries()) {
          const expected = said.filter((_, number) => number % 6 !== index);
          assert.deepEqual(topics.toSorted(), expected.toSorted());
        }
      });
    }
  });

  it("repeats a run to the last packet when it has the same seed", async () => {
    const run = () =>
      simulate(SEED, 5, async (simulation, members) => {
        await simulation.passAsync(20_000);
        await splitAndHeal(simulation, AGREED_MS);
        return members.map(({ sent, left }) => ({ sent, left }));
      });
    assert.deepEqual(await run(), await run());
  });
});
