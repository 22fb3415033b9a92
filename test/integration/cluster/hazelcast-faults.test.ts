/** What a node does while its Hazelcast cluster is down, has another name or stands still. Over the double. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import type { Cluster } from "../../../src/cluster/cluster.ts";
import { record } from "../../helpers/cluster-contract.ts";
import { HazelcastDouble } from "../../helpers/hazelcast-double/hazelcast-double.ts";
import { type HazelcastWorld, makeHazelcastWorld } from "../../helpers/hazelcast-world.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";

async function until(what: string, condition: () => boolean, withinMs = 5000): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!condition()) {
    assert.ok(performance.now() < endMs, `${what} within ${withinMs} ms`);
    await new Promise((resolve) => void setTimeout(resolve, 20));
  }
}

const pass = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

describe("a node whose Hazelcast cluster is in trouble", { concurrency: 4 }, () => {
  const doubles: HazelcastDouble[] = [];
  const worlds: HazelcastWorld[] = [];

  async function start(double: HazelcastDouble, clusterName = double.clusterName) {
    doubles.push(double);
    const end = (): Promise<void> => Promise.resolve();
    const addresses = [double.address];
    const world = await makeHazelcastWorld({ clusterName, addresses, end });
    worlds.push(world);
    const log = new MemoryLog();
    const first = await world.startLogged({}, log);
    return { world, log, first };
  }

  async function startPair() {
    const double = new HazelcastDouble("faults.double");
    await double.start();
    const { world, log, first } = await start(double);
    const second = await world.start({});
    await until("both see each other", () => sizes(first, second) === "2 2");
    return { double, world, log, first, second, recorded: record(first) };
  }

  const sizes = (...all: readonly Cluster[]): string =>
    all.map((cluster) => cluster.members().length).join(" ");

  after(async () => {
    await Promise.all(worlds.map((world) => world.end()));
    await Promise.all(doubles.map((double) => double.stop()));
  });

  it("keeps its view while the cluster is down, says so once, and is whole again by itself", async () => {
    const { double, world, log, first, second, recorded } = await startPair();
    const troubles: (string | undefined)[] = [];
    first.on("trouble", (trouble) => troubles.push(trouble));
    await double.stop();
    await until("it says so", () => first.trouble !== undefined);
    const heard = record(second);
    first.broadcast("while down", {});
    await pass(3000);
    assert.equal(sizes(first, second), "2 2");
    await double.start();
    await until("the message arrives", () => heard.messages.length === 1);
    await until("it is well", () => first.trouble === undefined);
    await world.start({});
    await until("all see a new one", () => sizes(first, second) === "3 3");
    assert.deepEqual(recorded.left, []);
    assert.equal(troubles.length, 2);
    assert.match(
      log.messages("warn").join(),
      /^no Hazelcast member of the cluster "faults\.double" answers at 127\.0\.0\.1:\d+; this node goes on with the members that it knew last, and tries on$/,
    );
    assert.equal(log.messages("info").filter((line) => line.includes("answers again")).length, 1);
  });

  it("starts without the cluster, and joins when there is one", async () => {
    const double = new HazelcastDouble("late.double");
    await double.start();
    await double.stop();
    const { world, first } = await start(double);
    assert.match(first.trouble ?? "", /no Hazelcast member/);
    await double.start();
    const second = await world.start({});
    await until("both see each other", () => sizes(first, second) === "2 2");
    assert.equal(first.trouble, undefined);
  });

  it("tells a wrong name from a cluster that is down", async () => {
    const double = new HazelcastDouble("right.name");
    await double.start();
    const { log, first } = await start(double, "wrong.name");
    assert.match(first.trouble ?? "", /refuses this node: its name is not "wrong\.name"/);
    assert.equal(log.messages("warn").length, 1);
    assert.equal(sizes(first), "1");
  });

  it("reports nobody while the cluster stands still, and goes on when it moves again", async () => {
    const { double, log, first, second, recorded } = await startPair();
    double.freeze();
    await pass(7000);
    assert.equal(sizes(first, second), "2 2");
    assert.ok(first.trouble !== undefined);
    double.thaw();
    await until("it is well", () => first.trouble === undefined);
    await pass(1000);
    assert.deepEqual(recorded.left, []);
    assert.equal(log.messages("warn").length, 1);
  });

  it("does not blame a member whose entry cannot be written because its part of the store stands still", async () => {
    const { double, first, second, recorded } = await startPair();
    double.stalls = (map, key) => map.endsWith(".members") && key.includes(second.self.id);
    await pass(6000);
    double.stalls = () => false;
    await until("both are well", () => !first.trouble && !second.trouble);
    await pass(1000);
    assert.deepEqual(recorded.left, []);
  });
});
