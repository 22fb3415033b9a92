/** How bodies keep to a rate, with time in hand. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Pace, type PaceRule } from "../../../../src/gateway/http/pace.ts";
import {
  type BodyTarget,
  PacedTarget,
  pacedStream,
} from "../../../../src/gateway/http/paced-body.ts";
import { PacedRelay } from "../../../../src/gateway/http/proxy/paced-relay.ts";
import type { ClientConnection } from "../../../../src/net/http1/client-connection.ts";
import { TimerWheel } from "../../../../src/net/http1/timer-wheel.ts";
import { FakeClock } from "../../../helpers/fake-clock.ts";

function paceOf(rule: PaceRule): { readonly clock: FakeClock; readonly pace: Pace } {
  const clock = new FakeClock();
  return { clock, pace: new Pace(new TimerWheel(clock), rule) };
}

/** Takes everything at once, and remembers it. */
class Taker implements BodyTarget {
  readonly isBlocked = false;
  readonly aborted = false;
  readonly log: string[] = [];
  bytes = 0;

  write(chunk: Buffer): boolean {
    this.bytes += chunk.length;
    return true;
  }

  flush(): boolean {
    return true;
  }

  whenDrained(action: () => void): void {
    action();
  }

  end(): void {
    this.log.push(`end after ${this.bytes}`);
  }

  breakOff(): void {
    this.log.push(`broken after ${this.bytes}`);
  }
}

test("the first second's bytes and the free ones go at once, the others with the time", () => {
  const { clock, pace } = paceOf({ rate: 1000, freeBytes: 500 });
  assert.equal(pace.take(5000), 1500);
  assert.equal(pace.take(5000), 0);
  clock.advance(250);
  assert.equal(pace.take(5000), 250);
  assert.equal(pace.take(0), 0);
  clock.advance(60_000);
  assert.equal(pace.take(100), 100);
});

test("who waits is woken when a part worth a write may go, at once for a small rest", () => {
  const { pace } = paceOf({ rate: 1000 });
  assert.equal(pace.waitMs(10_000), 250);
  assert.equal(pace.waitMs(10), 10);
});

test("a target with a pace is blocked while it holds bytes, and ends after the last of them", () => {
  const { clock, pace } = paceOf({ rate: 1000 });
  const taker = new Taker();
  const target = new PacedTarget(taker, pace);
  assert.equal(target.write(Buffer.alloc(2000)), false);
  assert.deepEqual([target.isBlocked, taker.bytes], [true, 1000]);
  target.whenDrained(() => taker.log.push("drained"));
  clock.advance(600);
  assert.ok(taker.bytes > 1000 && taker.bytes < 2000, `${taker.bytes} bytes`);
  assert.deepEqual(taker.log, []);
  clock.advance(1_000);
  assert.deepEqual([taker.log, taker.bytes, target.isBlocked], [["drained"], 2000, false]);
  target.write(Buffer.alloc(2000));
  target.end();
  assert.deepEqual(taker.log, ["drained"]);
  clock.advance(3_000);
  assert.deepEqual(taker.log, ["drained", "end after 4000"]);
});

test("a body that breaks off does so after what was held", () => {
  const { clock, pace } = paceOf({ rate: 1000 });
  const taker = new Taker();
  const target = new PacedTarget(taker, pace);
  target.write(Buffer.alloc(1500));
  target.breakOff();
  clock.advance(1_000);
  assert.deepEqual(taker.log, ["broken after 1500"]);
});

test("a client that has gone gets nothing more", () => {
  const { clock, pace } = paceOf({ rate: 1000 });
  const taker = new Taker();
  const target = new PacedTarget(taker, pace);
  target.write(Buffer.alloc(5000));
  Object.defineProperty(taker, "aborted", { value: true });
  clock.advance(10_000);
  assert.equal(taker.bytes, 1000);
});

test("a paced stream brings the same bytes", async () => {
  const { clock, pace } = paceOf({ rate: 1000 });
  const ticking = setInterval(() => clock.advance(100), 1);
  const text = "0123456789".repeat(300);
  const chunks: Buffer[] = [];
  for await (const chunk of pacedStream(Buffer.from(text), pace)) chunks.push(chunk as Buffer);
  clearInterval(ticking);
  assert.equal(Buffer.concat(chunks).toString(), text);
  assert.ok(chunks.length > 2);
});

test("a peer is not read from while what it has sent beyond its rate waits", () => {
  const { clock, pace } = paceOf({ rate: 1000 });
  const log: string[] = [];
  const peer = { pause: () => log.push("pause"), resume: () => log.push("resume") };
  let taken = 0;
  const relay = new PacedRelay(peer as unknown as ClientConnection, pace, () => ({
    byteCount: 0,
    take: (chunk) => void (taken += chunk.length),
    readDone() {},
    end: () => log.push(`end after ${taken}`),
    break: () => log.push(`broken after ${taken}`),
    dispose() {},
  }));
  relay.take(Buffer.alloc(1500));
  relay.readDone();
  assert.deepEqual([log, taken, relay.byteCount], [["pause"], 1000, 1500]);
  clock.advance(1_000);
  assert.deepEqual([log, taken], [["pause", "resume"], 1500]);
  relay.take(Buffer.alloc(4000));
  relay.break();
  assert.deepEqual(log, ["pause", "resume", "broken after 5500"]);
});
