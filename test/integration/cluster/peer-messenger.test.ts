/** Messages between two members over real TCP: order, size, bounds, strangers, and secrets that are rotated meanwhile. */
import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { connect } from "node:net";
import { after, before, describe, it } from "node:test";
import type { Address } from "../../../src/cluster/member-address.ts";
import { PEER_MESSAGE_BYTES_MAX } from "../../../src/cluster/peer-messenger.ts";
import { Keyring } from "../../../src/cluster/swim/keyring.ts";
import { startSwim, type Swim } from "../../../src/cluster/swim/start-swim.ts";
import { udpBinder } from "../../../src/cluster/swim/udp-transport.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";

describe("messages between two members", () => {
  const keyring = new Keyring([randomBytes(32)]);
  const log = new MemoryLog();
  let first: Swim;
  let second: Swim;

  const start = (wellKnown: readonly Address[]) =>
    startSwim({
      domain: "messenger.test",
      local: { host: "127.0.0.1", port: 0 },
      wellKnown,
      keyring,
      self: { role: "worker", subDomain: "worker", ports: {}, properties: {} },
      bind: udpBinder(systemClock, log),
      log,
      clock: systemClock,
      newId: randomUUID,
    });

  before(async () => {
    first = await start([]);
    second = await start([first.membership.self]);
  });
  after(async () => {
    await Promise.all([first.membership.close(), second.membership.close()]);
  });

  /** Resolves with the next `count` bodies that come to `to`. */
  function received(to: Swim, channel: string, count: number): Promise<readonly Buffer[]> {
    const { promise, resolve } = Promise.withResolvers<readonly Buffer[]>();
    const bodies: Buffer[] = [];
    const remove = to.messenger.on(channel, (_, body) => {
      bodies.push(body);
      if (bodies.length < count) return;
      remove();
      resolve(bodies);
    });
    return promise;
  }

  it("arrive in order in both directions, small and large", async () => {
    for (const [from, to] of [
      [first, second],
      [second, first],
    ] as const) {
      const bodies = [0, 1, 100_000, PEER_MESSAGE_BYTES_MAX, 7].map((bytes) => randomBytes(bytes));
      const all = received(to, "c", bodies.length);
      for (const body of bodies) await from.messenger.send(to.membership.self.id, "c", body);
      assert.ok((await all).every((body, at) => body.equals(bodies[at] ?? Buffer.alloc(1))));
    }
  });

  it("are refused when they are too large, too many, or for nobody", async () => {
    const { id } = second.membership.self;
    const { messenger } = first;
    const large = Buffer.alloc(PEER_MESSAGE_BYTES_MAX + 1);
    await assert.rejects(messenger.send(id, "c", large), { code: "CLUSTER_LIMIT" });
    await assert.rejects(messenger.send(randomUUID(), "c", Buffer.alloc(1)), {
      code: "NODE_UNREACHABLE",
    });
    const many = Array.from({ length: 12 }, () =>
      messenger.send(id, "nobody listens", Buffer.alloc(PEER_MESSAGE_BYTES_MAX)),
    );
    const outcomes = await Promise.allSettled(many);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      [...Array<string>(8).fill("fulfilled"), ...Array<string>(4).fill("rejected")],
    );
  });

  it("go on, as membership does, while the secret is rotated", async () => {
    const [old] = keyring.keys;
    keyring.replace([randomBytes(32), ...(old ? [old] : [])]);
    const one = received(second, "c", 1);
    await first.messenger.send(second.membership.self.id, "c", Buffer.from("x"));
    assert.equal(String((await one)[0]), "x");
    assert.equal(first.membership.members().length, 2);
  });

  it("give nothing to a stranger on the port, and say so once", async () => {
    const { host, port } = first.membership.self;
    for (let time = 0; time < 3; time += 1) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const socket = connect({ host, port }, () =>
        socket.write("GET / HTTP/1.1\r\nhost: a.example\r\n\r\n"),
      );
      socket.on("data", () => assert.fail("the stranger got an answer"));
      socket.on("error", () => {});
      socket.on("close", () => resolve());
      await promise;
    }
    const lines = log.messages("warn").filter((line) => line.includes("does not authenticate"));
    assert.equal(lines.length, 1);
  });
});
