/** The embedded provider beyond the contract: bad networks, attackers, log lines. In memory, without real time. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Cluster } from "../../../src/cluster/cluster.ts";
import { record } from "../../helpers/cluster-contract.ts";
import { makeMemoryWorld } from "../../helpers/swim-world.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";

const HOST = "127.0.0.1";

function sizes(members: readonly Cluster[]): readonly number[] {
  return members.map((member) => member.members().length);
}

describe("the embedded provider", () => {
  it("writes WSO2's log lines word for word", async () => {
    const world = makeMemoryWorld();
    const [log, otherLog] = [new MemoryLog(), new MemoryLog()];
    const first = await world.startLogged({ port: 4100 }, log);
    await world.pass(10);
    const second = await world.startLogged({ port: 4101, wellKnown: [first.self] }, otherLog);
    await world.pass(100);
    assert.deepEqual(log.messages("info"), [
      "Cluster domain: test.domain",
      "Using wka based membership management scheme",
      `Local member: [${first.self.id}] - Host:127.0.0.1, Port:4100`,
      `Elected this member [${first.self.id}] as the Coordinator node`,
      "Cluster initialization completed",
      `Member joined [${second.self.id}]: /127.0.0.1:4101`,
    ]);
    await first.close();
    await world.pass(100);
    assert.deepEqual(otherLog.messages("info"), [
      "Cluster domain: test.domain",
      "Using wka based membership management scheme",
      `Local member: [${second.self.id}] - Host:127.0.0.1, Port:4101`,
      `Member joined [${first.self.id}]: /127.0.0.1:4100`,
      "Cluster initialization completed",
      `Member left [${first.self.id}]: /127.0.0.1:4100`,
      `WKA member [${first.self.id}]: /127.0.0.1:4100 left cluster.`,
      `Elected this member [${second.self.id}] as the Coordinator node`,
    ]);
    assert.deepEqual(
      otherLog.lines.find(({ message }) => message.startsWith("Member left"))?.fields,
      {
        reason: "left",
      },
    );
    await world.end();
  });

  it("warns of two members of one name, once a minute, and not of one that restarts", async () => {
    const world = makeMemoryWorld();
    const log = new MemoryLog();
    const first = await world.startLogged({ port: 4100 }, log);
    const wellKnown = [first.self];
    const second = await world.start({ port: 4101, name: "worker-1", wellKnown });
    await world.vanish(second);
    await world.start({ port: 4101, name: "worker-1", wellKnown });
    await world.pass(100);
    assert.deepEqual(log.messages("warn"), []);
    await world.start({ port: 4102, name: "worker-1", wellKnown });
    await world.start({ port: 4103, name: "worker-1", wellKnown });
    await world.pass(3000);
    assert.equal(log.messages("warn").length, 1);
    assert.match(
      log.messages("warn")[0] ?? "",
      /^two members are called "worker-1", at 127\.0\.0\.1:4101 and 127\.0\.0\.1:4102: give each node a name/,
    );
    await world.end();
  });

  it("keeps ten members together and delivers every message once on a network that loses a third and repeats a third", async () => {
    const world = makeMemoryWorld();
    const first = await world.start({});
    const others: Cluster[] = [];
    for (let number = 1; number < 10; number += 1) {
      others.push(await world.start({ wellKnown: [first.self] }));
    }
    const all = [first, ...others];
    await world.pass(1000);
    assert.deepEqual(
      sizes(all),
      Array.from({ length: 10 }, () => 10),
    );
    const recorded = all.map(record);
    world.network.loss = 0.33;
    world.network.repetition = 0.33;
    for (const member of all) member.broadcast(`from ${member.self.id}`, {});
    await world.pass(20_000);
    world.network.loss = 0;
    await world.pass(2000);
    for (const { messages } of recorded) {
      assert.equal(new Set(messages.map(({ topic }) => topic)).size, 9);
      assert.equal(messages.length, 9);
    }
    assert.deepEqual(
      sizes(all),
      Array.from({ length: 10 }, () => 10),
    );
    await world.end();
  });

  it("does not blame the others when it stood still itself", async () => {
    const world = makeMemoryWorld();
    const first = await world.start({});
    const second = await world.start({ wellKnown: [first.self] });
    await world.pass(500);
    const recorded = record(second);
    // Ten seconds in which no timer of anybody fired: late, all of them fire at once.
    const monotonicMs = world.clock.monotonicMs.bind(world.clock);
    world.clock.monotonicMs = () => monotonicMs() + 10_000;
    await world.pass(2000);
    assert.deepEqual(recorded.left, []);
    await world.end();
  });

  it("sees the members of both sides again after a partition, even without a well-known address", async () => {
    const world = makeMemoryWorld();
    const first = await world.start({});
    const second = await world.start({ wellKnown: [first.self] });
    const third = await world.start({ wellKnown: [first.self] });
    await world.pass(500);
    // Second and third do not list each other, and the one that they list is dead.
    await world.vanish(first);
    world.network.cut(third.self);
    // Longer than addresses are greeted that were only heard of.
    await world.pass(10_000);
    assert.deepEqual(sizes([second, third]), [1, 1]);
    world.network.join(third.self);
    await world.pass(1500);
    assert.deepEqual(sizes([second, third]), [2, 2]);
    await world.end();
  });

  it("answers nothing that does not authenticate, and complains once a minute", async () => {
    const world = makeMemoryWorld();
    const log = new MemoryLog();
    const member = await world.startLogged({ port: 4100 }, log);
    const attacker = { host: "192.0.2.1", port: 9 };
    for (let number = 0; number < 100; number += 1) {
      world.network.inject(Buffer.alloc(number * 14), attacker, member.self);
    }
    await world.pass(100);
    assert.deepEqual(world.network.sent, []);
    assert.equal(log.messages("warn").length, 1);
    assert.match(
      log.messages("warn").join(),
      /^dropped a datagram from 192\.0\.2\.1:9 that does not authenticate/,
    );
    await world.pass(60_000);
    world.network.inject(Buffer.alloc(100), attacker, member.self);
    assert.match(log.messages("warn")[1] ?? "", /\(and 99 more since the last time\)$/);
    await world.end();
  });

  it("is not fooled by recorded datagrams, neither before nor after a restart of who receives them", async () => {
    const world = makeMemoryWorld();
    const first = await world.start({ port: 4100 });
    const second = await world.start({ port: 4101, wellKnown: [first.self] });
    await world.pass(2000);
    const recordedDatagrams = world.network.sent.filter(({ from }) => from === `${HOST}:4101`);
    await second.close();
    const replay = async (target: Cluster) => {
      const events = record(target);
      for (const { datagram } of recordedDatagrams) {
        world.network.inject(datagram, { host: HOST, port: 4101 }, target.self);
        await world.pass(5);
      }
      return events;
    };
    assert.ok(recordedDatagrams.length > 5);
    assert.deepEqual((await replay(first)).joined, []);
    await world.vanish(first);
    const again = await world.start({ port: 4100 });
    assert.deepEqual((await replay(again)).joined, []);
    assert.equal(again.members().length, 1);
    await world.end();
  });

  it("does not bring a member back by datagrams that arrive after its farewell", async () => {
    const world = makeMemoryWorld();
    const first = await world.start({ port: 4100 });
    const second = await world.start({ port: 4101, wellKnown: [first.self] });
    await world.pass(300);
    world.network.loss = 1;
    second.update({ state: "draining" });
    world.network.loss = 0;
    const late = world.network.sent.filter(({ from }) => from === `${HOST}:4101`).at(-1);
    await second.close();
    world.network.inject(late?.datagram ?? Buffer.alloc(0), second.self, first.self);
    assert.equal(first.members().length, 1);
    await world.end();
  });

  it("reports an orderly stop although the first farewells are lost", async () => {
    const world = makeMemoryWorld();
    const first = await world.start({});
    const second = await world.start({ wellKnown: [first.self] });
    await world.pass(300);
    const recorded = record(first);
    world.network.loss = 1;
    world.clock.after(200, () => (world.network.loss = 0));
    await second.close();
    assert.deepEqual(recorded.left, [{ id: second.self.id, reason: "left" }]);
    await world.end();
  });

  it("delivers what was broadcast right before an orderly stop", async () => {
    const world = makeMemoryWorld();
    const first = await world.start({});
    const second = await world.start({ wellKnown: [first.self] });
    await world.pass(300);
    const recorded = record(first);
    world.network.loss = 1;
    second.broadcast("last words", {});
    world.network.loss = 0;
    await second.close();
    assert.deepEqual(
      recorded.messages.map(({ topic }) => topic),
      ["last words"],
    );
    await world.end();
  });

  it("stops in time when nobody answers, and leaves no timer behind", async () => {
    const world = makeMemoryWorld();
    const first = await world.start({});
    const second = await world.start({ wellKnown: [first.self] });
    await world.pass(300);
    second.broadcast("unheard", {});
    await world.vanish(first);
    const startMs = world.clock.monotonicMs();
    await second.close();
    assert.ok(world.clock.monotonicMs() - startMs <= 1100);
    await world.end();
    assert.equal(world.clock.pendingCount, 0);
  });

  it("replays to a joiner for five minutes and not longer", async () => {
    const world = makeMemoryWorld();
    const first = await world.start({});
    first.broadcast("early", {});
    await world.clock.advanceAsync(4 * 60_000, 1000);
    first.broadcast("later", {});
    await world.clock.advanceAsync(2 * 60_000, 1000);
    const late = record(await world.start({ wellKnown: [first.self] }));
    await world.pass(500);
    assert.deepEqual(
      late.messages.map(({ topic }) => topic),
      ["later"],
    );
    await world.end();
  });

  it("refuses a change that makes its record too large, and keeps the old one", async () => {
    const world = makeMemoryWorld();
    const first = await world.start({});
    assert.throws(() => first.update({ properties: { a: "x".repeat(600) } }), {
      code: "CLUSTER_LIMIT",
    });
    assert.deepEqual(first.self.properties, {});
    assert.equal(first.self.incarnation, 0);
    await world.end();
  });

  it("reports a killed member within eight seconds although its own timers are half a second late all the time", async () => {
    const world = makeMemoryWorld();
    const first = await world.start({});
    const second = await world.start({ wellKnown: [first.self] });
    await world.pass(500);
    const { left } = record(first);
    await world.vanish(second);
    // Each tick comes 250 ms after the last one, in which half a second more has gone by.
    const monotonicMs = world.clock.monotonicMs.bind(world.clock);
    const startMs = monotonicMs();
    world.clock.monotonicMs = () => startMs + Math.floor((monotonicMs() - startMs) / 250) * 750;
    await world.pass(2666);
    assert.equal(left.length, 1);
    world.clock.monotonicMs = monotonicMs;
    await world.end();
  });

  it("says once that nobody answers, for that is how a wrong password looks from the inside", async () => {
    const world = makeMemoryWorld();
    const log = new MemoryLog();
    const wellKnown = [{ host: HOST, port: 4100 }];
    const first = await world.start({ port: 4100, wellKnown });
    const wrong = await world.startLogged({ port: 4101, wellKnown, password: "wrong" }, log);
    await world.pass(9000);
    assert.deepEqual(log.messages("warn"), []);
    await world.pass(60_000);
    assert.equal(log.messages("warn").length, 1);
    assert.match(
      log.messages("warn").join(),
      /^alone for 10 s: no member answers at 127\.0\.0\.1:4100.* complains of 127\.0\.0\.1:4101/,
    );
    await wrong.close();
    await first.close();
    await world.end();
  });

  it("takes a jump of the wall clock for nothing", async () => {
    const world = makeMemoryWorld();
    const first = await world.start({});
    const second = await world.start({ wellKnown: [first.self] });
    await world.pass(300);
    const recorded = [record(first), record(second)];
    world.clock.wallStartMs -= 365 * 24 * 3_600_000;
    await world.pass(3000);
    for (const { left } of recorded) assert.deepEqual(left, []);
    await world.end();
  });
});
