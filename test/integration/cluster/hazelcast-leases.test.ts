/** Leases of the Hazelcast provider, over the double in real time. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Cluster } from "../../../src/cluster/cluster.ts";
import type { LeaseHolder } from "../../../src/cluster/lease.ts";
import { HazelcastDouble } from "../../helpers/hazelcast-double/hazelcast-double.ts";
import { type HazelcastWorld, makeHazelcastWorld } from "../../helpers/hazelcast-world.ts";

async function until(what: string, condition: () => boolean, withinMs = 5000): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!condition()) {
    assert.ok(performance.now() < endMs, `${what} within ${withinMs} ms`);
    await pass(20);
  }
}

const pass = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

/** A holder that keeps what it was told. */
function holder(): LeaseHolder & { readonly told: (number | "lost")[] } {
  const told: (number | "lost")[] = [];
  return { told, gained: ({ term }) => void told.push(term), lost: () => void told.push("lost") };
}

describe("leases over Hazelcast", { concurrency: 4 }, () => {
  const double = new HazelcastDouble("leases.double");
  const worlds: HazelcastWorld[] = [];

  before(() => double.start());
  after(async () => {
    await Promise.all(worlds.map((world) => world.end()));
    await double.stop();
  });

  /** A cluster of its own, whose members all see each other. */
  async function start(size: number): Promise<{ world: HazelcastWorld; all: readonly Cluster[] }> {
    const addresses = [double.address];
    const end = (): Promise<void> => Promise.resolve();
    const world = await makeHazelcastWorld({ clusterName: "leases.double", addresses, end });
    worlds.push(world);
    const all: Cluster[] = [];
    for (let number = 0; number < size; number += 1) all.push(await world.start({}));
    await until("all are there", () => all.every((member) => member.members().length === size));
    return { world, all };
  }

  it("gives a job to one member at a time, with a term that grows", async () => {
    const { all } = await start(2);
    const told = all.map(() => holder());
    const [mine = holder(), yours = holder()] = told;
    const claim = all[0]?.lease("job", mine);
    await until("it is granted", () => mine.told.length === 1);
    all[1]?.lease("job", yours);
    await pass(2000);
    assert.deepEqual(yours.told, []);
    await claim?.release();
    await until("the other has it", () => yours.told.length === 1);
    assert.ok(Number(yours.told[0]) > Number(mine.told[0]));
    assert.equal(mine.told.length, 1);
  });

  it("takes the job from a member that is cut off, after that member has stepped down", async () => {
    const { world, all } = await start(3);
    const order: string[] = [];
    all.forEach((cluster, index) =>
      cluster.lease("cut", {
        gained: () => order.push(`${index} gained`),
        lost: () => order.push(`${index} lost`),
      }),
    );
    await until("it is granted", () => order.length === 1);
    const winner = Number(order[0]?.[0]);
    const member = all[winner];
    assert.ok(member);
    world.cut(member);
    await until("another has it", () => order.length === 3, 9000);
    assert.deepEqual(order.slice(0, 2), [`${winner} gained`, `${winner} lost`]);
    assert.match(order[2] ?? "", new RegExp(`^[^${winner}] gained$`));
    world.heal(member);
  });

  it("takes the job from a member that vanishes", async () => {
    const { world, all } = await start(3);
    const told = all.map(() => holder());
    const [first] = all;
    assert.ok(first);
    first.lease("vanished", told[0] ?? holder());
    await until("it is granted", () => told[0]?.told.length === 1);
    for (const index of [1, 2]) all[index]?.lease("vanished", told[index] ?? holder());
    await world.vanish(first);
    await until("another has it", () => told.slice(1).some((one) => one.told.length > 0), 9000);
  });

  it("grants nothing to a minority of the members that were seen, and gives up what it held", async () => {
    const { world, all } = await start(3);
    const [first, second, third] = all;
    assert.ok(first && second && third);
    const held = holder();
    third.lease("held", held);
    await until("it is granted", () => held.told.length === 1);
    for (const cluster of [first, second]) world.cut(cluster);
    await until("the third is alone", () => third.members().length === 1, 6000);
    await until("it gives up", () => held.told[1] === "lost");
    const claimed = holder();
    third.lease("claimed", claimed);
    await pass(2000);
    assert.deepEqual([held.told.length, claimed.told.length], [2, 0]);
    for (const cluster of [first, second]) world.heal(cluster);
    await until("it is granted again", () => claimed.told.length === 1);
  });
});
