/**
 * Replicated maps under loss, delay, partitions, crashes and processes that stand still, on a virtual clock: when it is
 * over, all copies are alike. SEED repeats one run, MAP_SEEDS sets how many seeds are run.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { MapStore, ReplicatedMap } from "../../src/cluster/replicated-map.ts";
import { CompactMapStore } from "../../src/cluster/replication/compact-map-store.ts";
import { FakeClock } from "../helpers/fake-clock.ts";
import { SeededRandom, seedOfRun } from "./seeded-random.ts";
import { SimulatedMembers, type SimulatedNode } from "./simulated-members.ts";

const SEEDS = Number(process.env["MAP_SEEDS"] ?? "40");
const STEP_MS = 5;
const TTL_MS = 30 * 60_000;
const KEYS = 60;
/** After the end of all trouble but loss copies are alike within this much: lost requests for what is missing are repeated. */
const CONVERGED_MS = 20_000;
/** Half of the runs need no more than this. */
const CONVERGED_MS_MEDIAN = 4_000;

interface Copy {
  readonly map: ReplicatedMap;
  readonly store: MapStore;
}

class MapSimulation {
  readonly clock = new FakeClock();
  readonly random: SeededRandom;
  readonly members: SimulatedMembers;
  readonly copies = new Map<SimulatedNode, Copy>();
  #written = 0;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
    this.members = new SimulatedMembers(this.clock, this.random);
  }

  start(name: string): SimulatedNode {
    const node = this.members.start(name, undefined, this.random.whole(-60_000, 60_000));
    const store = new CompactMapStore(node.clock, 10_000);
    this.copies.set(node, { store, map: node.cluster.map("sessions", { store }) });
    return node;
  }

  crash(node: SimulatedNode): void {
    node.crash();
    this.copies.delete(node);
  }

  /** Some node that runs does something to some key. */
  write(): void {
    const running = [...this.copies].filter(([node]) => !node.clock.isPaused);
    const copy = running[this.random.whole(0, running.length - 1)]?.[1];
    const key = `key ${this.random.whole(1, KEYS)}`;
    if (this.random.happens(0.15)) copy?.map.delete(key);
    else if (this.random.happens(0.2)) copy?.map.touch(key, TTL_MS);
    else copy?.map.set(key, `value ${(this.#written += 1)}`, TTL_MS);
  }

  pass(ms: number): Promise<void> {
    return this.clock.advanceAsync(ms, STEP_MS);
  }

  /** Every copy in one line each, deletions included. */
  contents(): readonly string[] {
    return [...this.copies.values()].map(({ store }) =>
      [...store.entries()]
        .map(({ key, value, version }) => `${key}=${value}@${version.counter}/${version.writer}`)
        .toSorted()
        .join("\n"),
    );
  }

  async untilAlike(msMax: number): Promise<number> {
    const startMs = this.clock.monotonicMs();
    while (new Set(this.contents()).size > 1) {
      const waitedMs = this.clock.monotonicMs() - startMs;
      if (waitedMs > msMax) assert.deepEqual(...firstDifference(this.contents()));
      await this.pass(50);
    }
    return this.clock.monotonicMs() - startMs;
  }
}

function firstDifference(contents: readonly string[]): [string[], string[]] {
  const other = contents.find((content) => content !== contents[0]);
  return [(contents[0] ?? "").split("\n"), (other ?? "").split("\n")];
}

function makeTrouble(simulation: MapSimulation): void {
  const { members, random } = simulation;
  const node = members.nodes[random.whole(0, members.nodes.length - 1)];
  if (!node) return;
  const chance = random.next();
  if (node.clock.isPaused) node.resume();
  else if (chance < 0.3) members.split(({ self }) => Number(self.name > `n${random.whole(0, 2)}`));
  else if (chance < 0.55) members.heal();
  else if (chance < 0.8) node.pause();
  else {
    simulation.crash(node);
    simulation.start(node.self.name);
  }
}

async function eachSeed(body: (simulation: MapSimulation) => Promise<void>): Promise<void> {
  const first = seedOfRun();
  for (let seed = first; seed < first + SEEDS; seed += 1) {
    try {
      await body(new MapSimulation(seed));
    } catch (error) {
      throw new Error(`the run with SEED=${seed} failed`, { cause: error });
    }
  }
}

test("all copies become alike after loss, partitions, crashes and pauses", async () => {
  const times: number[] = [];
  await eachSeed(async (simulation) => {
    const { members, random } = simulation;
    members.weather = { loss: 0.05, delayMsMax: random.whole(5, 200) };
    for (let number = 0; number < 4; number += 1) simulation.start(`n${number}`);
    for (let trouble = 0; trouble < 8; trouble += 1) {
      for (let write = 0; write < 40; write += 1) {
        simulation.write();
        await simulation.pass(random.whole(1, 100));
      }
      makeTrouble(simulation);
    }
    members.heal();
    for (const node of members.nodes) if (node.clock.isPaused) node.resume();
    members.weather = { loss: 0.05, delayMsMax: 20 };
    times.push(await simulation.untilAlike(CONVERGED_MS));
    assert.ok([...simulation.copies.values()].some(({ map }) => map.size > 0));
  });
  times.sort((left, right) => left - right);
  assert.ok((times[Math.floor(times.length / 2)] ?? Infinity) <= CONVERGED_MS_MEDIAN, times.join());
});

test("the last writer of two halves wins at both, and what only one half wrote is kept", async () => {
  await eachSeed(async (simulation) => {
    const [first, second] = [simulation.start("n0"), simulation.start("n1")];
    await simulation.pass(500);
    simulation.members.split((node) => Number(node === second));
    await simulation.pass(2_000);
    const [one, two] = [simulation.copies.get(first)?.map, simulation.copies.get(second)?.map];
    one?.set("only first", "a", TTL_MS);
    two?.set("only second", "b", TTL_MS);
    one?.set("both", "first", TTL_MS);
    two?.set("both", "second", TTL_MS);
    simulation.members.heal();
    await simulation.pass(500);
    await simulation.untilAlike(2_000);
    assert.deepEqual([one?.get("only second"), two?.get("only first")], ["b", "a"]);
    // Whose clock was ahead is the seed's choice; what comes after the merge always wins.
    const loser = one?.get("both") === "first" ? two : one;
    loser?.set("both", "last", TTL_MS);
    await simulation.pass(100);
    assert.deepEqual([one?.get("both"), two?.get("both")], ["last", "last"]);
  });
});

test("a delta is at the others within 100 ms, at delays of 1 to 20 ms and no loss", async () => {
  const simulation = new MapSimulation(seedOfRun());
  simulation.members.weather = { loss: 0, delayMsMax: 20 };
  for (let number = 0; number < 4; number += 1) simulation.start(`n${number}`);
  await simulation.pass(1_000);
  const [writer, ...others] = [...simulation.copies.values()];
  for (let write = 0; write < 200; write += 1) {
    writer?.map.set(`key ${write}`, "value", TTL_MS);
    await simulation.pass(45);
    assert.ok(others.every(({ map }) => map.get(`key ${write}`) === "value"));
  }
});

test("a lost batch is noticed and asked for within seconds, also when nothing follows it", async () => {
  const simulation = new MapSimulation(seedOfRun());
  for (let number = 0; number < 3; number += 1) simulation.start(`n${number}`);
  await simulation.pass(1_000);
  simulation.members.weather = { loss: 1, delayMsMax: 5 };
  for (const { map } of simulation.copies.values()) map.set(`of ${map.size}`, "value", TTL_MS);
  await simulation.pass(100);
  assert.ok(new Set(simulation.contents()).size > 1);
  simulation.members.weather = { loss: 0, delayMsMax: 5 };
  await simulation.untilAlike(5_000);
});
