/** What a tunnel does with its two connections when they send, stall, end, break and fall silent. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { TimerWheel } from "../../../../src/net/http1/timer-wheel.ts";
import { Tunnel, type TunnelEnd } from "../../../../src/net/http1/tunnel.ts";
import { FakeClock } from "../../../helpers/fake-clock.ts";

/** A connection that notes what it is told. */
class End implements TunnelEnd {
  readonly told: string[] = [];
  takes = true;

  send(chunk: Buffer): boolean {
    this.told.push(chunk.toString("latin1"));
    return this.takes;
  }

  endSending(): void {
    this.told.push("end");
  }

  pauseReading(): void {
    this.told.push("pause");
  }

  resumeReading(): void {
    this.told.push("resume");
  }

  destroy(): void {
    this.told.push("destroy");
  }

  destroySoon(): void {
    this.told.push("destroy soon");
  }
}

function world() {
  const clock = new FakeClock();
  const [client, peer] = [new End(), new End()];
  const counts = { bytes: 0, over: 0 };
  const tunnel = new Tunnel(client, peer, {
    wheel: new TimerWheel(clock),
    idleMs: 1_000,
    onBytes: (count) => void (counts.bytes += count),
    onOver: () => void counts.over++,
  });
  return { clock, client, peer, counts, tunnel };
}

test("bytes go both ways, as copies, and those for the client are counted", () => {
  const { client, peer, counts, tunnel } = world();
  tunnel.client.received(Buffer.from("question"));
  const buffer = Buffer.from("answer");
  tunnel.peer.received(buffer);
  buffer.fill("!");
  assert.deepEqual([client.told, peer.told], [["answer"], ["question"]]);
  assert.equal(counts.bytes, 6);
});

test("a side is read at the pace of the other", () => {
  const { client, peer, tunnel } = world();
  client.takes = false;
  tunnel.peer.received(Buffer.from("much"));
  assert.deepEqual(peer.told, ["pause"]);
  tunnel.client.drained();
  assert.deepEqual(peer.told, ["pause", "resume"]);
  tunnel.client.received(Buffer.from("up"));
  assert.deepEqual(peer.told, ["pause", "resume", "up"]);
});

test("either side may end its half, and the other half goes on", () => {
  for (const which of ["client", "peer"] as const) {
    const { client, peer, counts, tunnel } = world();
    const isClient = which === "client";
    const [own, other] = isClient ? [client, peer] : [peer, client];
    tunnel[which].ended();
    assert.deepEqual([own.told, other.told], [[], ["end"]]);
    (isClient ? tunnel.peer : tunnel.client).received(Buffer.from("late"));
    assert.deepEqual(own.told, ["late"]);
    assert.equal(counts.over, 0);
  }
});

test("a side that breaks takes the other with it, after what was on its way; then it is over", () => {
  const { client, peer, counts, tunnel } = world();
  tunnel.peer.closed();
  assert.deepEqual([client.told, peer.told], [["destroy soon"], []]);
  assert.equal(counts.over, 0);
  tunnel.client.closed();
  assert.equal(counts.over, 1);
});

test("silence of both sides closes both; a word of either is enough", () => {
  const { clock, client, peer, tunnel } = world();
  for (const side of [tunnel.client, tunnel.peer, tunnel.client]) {
    clock.advance(900);
    side.received(Buffer.from("x"));
  }
  clock.advance(900);
  assert.deepEqual([client.told, peer.told], [["x"], ["x", "x"]]);
  clock.advance(300);
  assert.deepEqual([client.told.at(-1), peer.told.at(-1)], ["destroy", "destroy"]);
});

test("when it is over nothing waits any more", () => {
  const { clock, client, counts, tunnel } = world();
  tunnel.peer.closed();
  tunnel.client.closed();
  clock.advance(10_000);
  assert.deepEqual([client.told, counts.over, clock.pendingCount], [["destroy soon"], 1, 0]);
});
