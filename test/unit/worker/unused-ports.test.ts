/** How long a worker that leaves keeps its ports open. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { untilUnused } from "../../../src/worker/unused-ports.ts";
import { FakeClock } from "../../helpers/fake-clock.ts";

/** The milliseconds until the ports may close, when somebody calls every `everyMs` until `lastMs`. */
async function openFor(noticeMs: number, everyMs: number, lastMs: number): Promise<number> {
  const clock = new FakeClock();
  const port = { arrivals: 0 };
  const calls = clock.every(everyMs, () => {
    if (clock.monotonicMs() <= lastMs) port.arrivals++;
  });
  const closing = async (): Promise<number> => {
    await untilUnused([{ arrivals: 7 }, port], clock, noticeMs);
    return clock.monotonicMs();
  };
  const closed = closing();
  await clock.advanceAsync(20_000);
  calls.cancel();
  return closed;
}

test("ports that nobody calls close at the end of the notice", async () => {
  assert.equal(await openFor(2_000, 100, 0), 2_000);
  assert.equal(await openFor(600, 100, 150), 600);
});

test("ports stay open while a gateway that has not heard goes on calling", async () => {
  const openMs = await openFor(600, 100, 2_000);
  assert.ok(openMs >= 2_400 && openMs <= 2_900, String(openMs));
});

test("a client that never hears of the leaving cannot hold the ports for long", async () => {
  const openMs = await openFor(600, 50, Infinity);
  assert.ok(openMs >= 4_600 && openMs <= 5_100, String(openMs));
});
