/**
 * Membership on a bad network, hours in seconds: what docs/clustering.md promises, whatever the seed.
 * A failure names its seed; SEED=<number> repeats that run, and other numbers look elsewhere.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MeshSimulation, type Participant } from "./mesh-simulation.ts";
import { seedOfRun } from "./seeded-random.ts";

const SEED = seedOfRun();
const MEMBERS = 6;
const TEN_MINUTES_MS = 10 * 60_000;
const CRASH_SEEN_MS = 3000;
const AGREED_MS = 5000;
const LOSSY = { loss: 0.05, repetition: 0.02, delayMsMax: 40 };

/** A simulation with its members, and the seed in the message of whatever fails in it. */
async function simulate(
  seed: number,
  run: (simulation: MeshSimulation, members: readonly Participant[]) => void | Promise<void>,
): Promise<void> {
  const simulation = new MeshSimulation(seed);
  try {
    const members = await simulation.start(MEMBERS);
    assert.ok(simulation.isAgreed, "the members have not found each other");
    await run(simulation, members);
  } catch (error) {
    throw new Error(`seed ${seed} (repeat with SEED=${SEED})`, { cause: error });
  }
}

function seeds(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => SEED + index);
}

describe("the mesh on a bad network", () => {
  it("takes nobody for dead in ten minutes in which one of twenty datagrams is lost", async () => {
    await simulate(SEED, (simulation, members) => {
      simulation.network.weather = LOSSY;
      simulation.pass(TEN_MINUTES_MS);
      assert.deepEqual(
        members.flatMap(({ left }) => left),
        [],
      );
      assert.ok(simulation.isAgreed);
    });
  });

  it("tells every member of a crash within three seconds", async () => {
    for (const seed of seeds(10)) {
      await simulate(seed, (simulation, members) => {
        simulation.network.weather = LOSSY;
        simulation.pass(simulation.random.whole(0, 1000));
        const victim = members[simulation.random.whole(0, MEMBERS - 1)];
        assert.ok(victim);
        const { id } = victim.cluster.self;
        simulation.crash(victim);
        const crashedMs = simulation.nowMs;
        simulation.pass(CRASH_SEEN_MS);
        for (const { left } of simulation.live) {
          assert.deepEqual(
            left.map((report) => report.id),
            [id],
          );
          assert.ok((left[0]?.atMs ?? 0) - crashedMs <= CRASH_SEEN_MS);
        }
      });
    }
  });

  it("agrees again within five seconds after partitions of every shape and length have healed", async () => {
    for (const seed of seeds(10)) {
      await simulate(seed, (simulation, members) => {
        simulation.network.weather = LOSSY;
        const sides: Participant[][] = [[], [], []];
        for (const member of members) sides[simulation.random.whole(0, 2)]?.push(member);
        simulation.network.split(sides.map((side) => side.map(({ cluster }) => cluster.self)));
        simulation.pass(simulation.random.whole(500, 60_000));
        simulation.network.heal();
        assert.ok(simulation.untilAgreed(AGREED_MS) !== undefined, "no agreement in time");
      });
    }
  });

  it("delivers every message once to every member, through loss, repetition and partitions", async () => {
    for (const seed of seeds(2)) {
      await simulate(seed, (simulation, members) => {
        simulation.network.weather = { loss: 0.2, repetition: 0.2, delayMsMax: 300 };
        const [first, ...others] = members.map(({ cluster }) => cluster);
        const said: string[] = [];
        for (let number = 0; number < 100; number += 1) {
          const sender = members[number % MEMBERS];
          const topic = `message ${number}`;
          said.push(topic);
          sender?.cluster.broadcast(topic, { number });
          if (number === 30 && first) {
            simulation.network.split([[first.self], others.map((other) => other.self)]);
          }
          if (number === 60) simulation.network.heal();
          simulation.pass(100);
        }
        simulation.pass(20_000);
        for (const [index, { topics }] of members.entries()) {
          const expected = said.filter((_, number) => number % MEMBERS !== index);
          assert.deepEqual(topics.toSorted(), expected.toSorted());
        }
      });
    }
  });

  it("agrees again each time that one member crashes while another one comes", async () => {
    await simulate(SEED, async (simulation) => {
      simulation.network.weather = LOSSY;
      for (let round = 0; round < 10; round += 1) {
        // The first two are the well-known ones.
        const victim = simulation.live[simulation.random.whole(2, MEMBERS - 1)];
        assert.ok(victim);
        simulation.crash(victim);
        await simulation.start(1);
        assert.ok(simulation.untilAgreed(AGREED_MS) !== undefined, `no agreement, round ${round}`);
      }
    });
  });
});
