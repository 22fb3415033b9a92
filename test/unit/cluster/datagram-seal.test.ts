/** Encryption, authentication and replay protection of datagrams. */
import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { describe, it } from "node:test";
import {
  DATAGRAM_BYTES_MAX,
  DatagramSeal,
  PLAIN_BYTES_MAX,
} from "../../../src/cluster/swim/datagram-seal.ts";
import { Keyring } from "../../../src/cluster/swim/keyring.ts";
import { ReplayWindow } from "../../../src/cluster/swim/replay-window.ts";

const KEY = randomBytes(32);

function pair(receiverKey = KEY, receiverDomain = "d") {
  const senderId = randomUUID();
  const sender = new DatagramSeal(new Keyring([KEY]), "d", senderId);
  const receiver = new DatagramSeal(new Keyring([receiverKey]), receiverDomain, randomUUID());
  return { sender, senderId, receiver };
}

describe("DatagramSeal", () => {
  it("lets members whose secret is being rotated understand each other at every step", () => {
    const [older, newer] = [randomBytes(32), randomBytes(32)];
    const steps = [[older], [older, newer], [newer, older], [newer]];
    const rings = [new Keyring([older]), new Keyring([older])] as const;
    const ids = [randomUUID(), randomUUID()] as const;
    const seals = [
      new DatagramSeal(rings[0], "d", ids[0]),
      new DatagramSeal(rings[1], "d", ids[1]),
    ] as const;
    for (const step of steps) {
      for (const ring of rings) {
        ring.replace(step);
        for (const [from, to] of [seals, seals.toReversed()])
          assert.equal(to?.open(from?.seal(Buffer.from("x")) ?? Buffer.alloc(0)).kind, "opened");
      }
    }
    const outdated = new DatagramSeal(new Keyring([older]), "d", randomUUID());
    assert.equal(seals[0].open(outdated.seal(Buffer.from("x"))).kind, "foreign");
  });

  it("still drops what came before when the secret has changed", () => {
    const ring = new Keyring([KEY]);
    const receiver = new DatagramSeal(ring, "d", randomUUID());
    const datagram = new DatagramSeal(ring, "d", randomUUID()).seal(Buffer.from("x"));
    assert.equal(receiver.open(datagram).kind, "opened");
    ring.replace([randomBytes(32), KEY]);
    assert.equal(receiver.open(datagram).kind, "repeated");
  });

  it("opens what a member of the same group has sealed, and names the sender", () => {
    const { sender, senderId, receiver } = pair();
    const opened = receiver.open(sender.seal(Buffer.from("content")));
    assert.deepEqual(opened, {
      kind: "opened",
      sender: senderId,
      plain: Buffer.from("content"),
    });
  });

  it("hides the content and seals the same content differently each time", () => {
    const { sender } = pair();
    const [one, two] = [sender.seal(Buffer.from("content")), sender.seal(Buffer.from("content"))];
    assert.ok(!one.includes("content"));
    assert.ok(!one.subarray(27).equals(two.subarray(27)));
  });

  it("refuses another key and another domain", () => {
    for (const { sender, receiver } of [pair(randomBytes(32)), pair(KEY, "e")]) {
      assert.equal(receiver.open(sender.seal(Buffer.from("x"))).kind, "foreign");
    }
  });

  it("refuses a datagram of which any byte was changed or cut off", () => {
    const { sender, receiver } = pair();
    const sealed = sender.seal(Buffer.from("x"));
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      assert.equal(receiver.open(changed).kind, "foreign", `byte ${at}`);
      assert.equal(receiver.open(sealed.subarray(0, at)).kind, "foreign", `length ${at}`);
    }
    assert.equal(receiver.open(sealed).kind, "opened");
  });

  it("opens each datagram once, in any order", () => {
    const { sender, receiver } = pair();
    const sealed = Array.from({ length: 10 }, () => sender.seal(Buffer.from("x")));
    for (const datagram of sealed.toReversed())
      assert.equal(receiver.open(datagram).kind, "opened");
    for (const datagram of sealed) assert.equal(receiver.open(datagram).kind, "repeated");
  });

  it("never makes or takes a datagram of more than 1400 bytes", () => {
    const { sender, receiver } = pair();
    const largest = sender.seal(Buffer.alloc(PLAIN_BYTES_MAX));
    assert.equal(largest.length, DATAGRAM_BYTES_MAX);
    assert.equal(receiver.open(largest).kind, "opened");
    assert.throws(() => sender.seal(Buffer.alloc(PLAIN_BYTES_MAX + 1)), RangeError);
    assert.equal(receiver.open(Buffer.alloc(DATAGRAM_BYTES_MAX + 1)).kind, "foreign");
  });
});

describe("ReplayWindow", () => {
  it("accepts each counter once within the window and none below it", () => {
    const window = new ReplayWindow();
    assert.deepEqual(
      [5, 3, 5, 3, 4].map((counter) => window.accept(counter)),
      [true, true, false, false, true],
    );
    assert.ok(window.accept(2000));
    assert.deepEqual(
      [976, 977, 977].map((counter) => window.accept(counter)),
      [false, true, false],
    );
  });

  it("refuses counters that are no positive whole numbers", () => {
    const window = new ReplayWindow();
    for (const counter of [0, -1, 1.5, Number.NaN, 2 ** 53]) assert.ok(!window.accept(counter));
  });
});
