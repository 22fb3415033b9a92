/** Replicated maps of the Hazelcast provider, over the double in real time. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Cluster } from "../../../src/cluster/cluster.ts";
import { HazelcastDouble } from "../../helpers/hazelcast-double/hazelcast-double.ts";
import { type HazelcastWorld, makeHazelcastWorld } from "../../helpers/hazelcast-world.ts";

async function until(what: string, condition: () => boolean, withinMs = 5000): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!condition()) {
    assert.ok(performance.now() < endMs, `${what} within ${withinMs} ms`);
    await pass(5);
  }
}

const pass = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

describe("replicated maps over Hazelcast", { concurrency: 5 }, () => {
  const double = new HazelcastDouble("maps.double");
  let world: HazelcastWorld;
  let first: Cluster;
  let second: Cluster;

  before(async () => {
    await double.start();
    world = await makeHazelcastWorld({
      clusterName: "maps.double",
      addresses: [double.address],
      end: () => double.stop(),
    });
    first = await world.start({});
    second = await world.start({});
    await until("both are there", () => first.members().length + second.members().length === 4);
  });
  after(() => world.end());

  it("shows an entry at the other member, and its deletion", async () => {
    const [here, there] = [first.map("seen", {}), second.map("seen", {})];
    const told: string[] = [];
    there.on("set", (key, value) => told.push(`${key}=${value}`));
    there.on("deleted", (key) => told.push(`-${key}`));
    await pass(200);
    here.set("key", "value", 60_000);
    await until("it is there", () => there.get("key") === "value");
    here.delete("key");
    await until("it is gone", () => there.get("key") === undefined);
    assert.deepEqual(told, ["key=value", "-key"]);
    assert.deepEqual([here.size, there.size], [0, 0]);
  });

  it("lets the last writer win at both, whoever's write arrives last", async () => {
    const [here, there] = [first.map("race", {}), second.map("race", {})];
    await pass(200);
    for (let round = 0; round < 20; round += 1) {
      here.set("key", `here ${round}`, 60_000);
      there.set("key", `there ${round}`, 60_000);
    }
    await until("they agree", () => here.get("key") === there.get("key"));
    await pass(300);
    assert.equal(here.get("key"), there.get("key"));
    const late = await world.start({});
    const copy = late.map("race", {});
    await until("a joiner agrees", () => copy.get("key") === here.get("key"));
  });

  it("ends an entry by its idle time, and a touch at one member keeps it at all", async () => {
    const [here, there] = [first.map("idle", {}), second.map("idle", {})];
    here.set("touched", "a", 1200);
    here.set("left", "b", 1200);
    await until("both are there", () => there.size === 2);
    for (let turn = 0; turn < 6; turn += 1) {
      await pass(400);
      here.touch("touched", 1200);
    }
    assert.deepEqual([here.get("touched"), there.get("touched")], ["a", "a"]);
    assert.deepEqual([here.get("left"), there.get("left")], [undefined, undefined]);
  });

  it("hands all entries to a member that joins, and single ones to who asks", async () => {
    const here = first.map("joined", {});
    for (let number = 0; number < 500; number += 1) here.set(`key ${number}`, `${number}`, 60_000);
    await pass(500);
    const late = await world.start({});
    const copy = late.map("joined", {});
    assert.equal(await copy.ask("key 7", 1000), "7");
    assert.equal(await copy.ask("unknown", 1000), undefined);
    await until("all are there", () => copy.size === 500);
  });

  it("keeps what members with another secret write out of the map", async () => {
    const stranger = await world.start({ password: "another one" });
    const here = first.map("closed", {});
    stranger.map("closed", {}).set("key", "forged", 60_000);
    await pass(300);
    assert.equal(here.get("key"), undefined);
  });
});
