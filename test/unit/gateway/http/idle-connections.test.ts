/** Which connections to peers are kept: `keepalive` and its limits. */
import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { IdleConnections } from "../../../../src/gateway/http/proxy/idle-connections.ts";
import type { KeepaliveConfig } from "../../../../src/gateway/upstream/upstream-config.ts";
import { FakeClock } from "../../../helpers/fake-clock.ts";

const LIMITS: KeepaliveConfig = { idleCount: 2, requestCount: 3, ageMs: 1_000, idleMs: 60_000 };

function opened(idle: IdleConnections): PassThrough {
  const connection = new PassThrough();
  idle.noteOpened(connection);
  return connection;
}

test("a connection is closed after its last request", () => {
  const idle = new IdleConnections(LIMITS, new FakeClock());
  const connection = opened(idle);
  const kept = [1, 2, 3].map(() => idle.keep(connection));
  assert.deepEqual(kept, [true, true, false]);
});

test("a connection that is too old serves the request it has and no other", () => {
  const clock = new FakeClock();
  const idle = new IdleConnections(LIMITS, clock);
  const connection = opened(idle);
  clock.advance(1_000);
  assert.equal(idle.keep(connection), true);
  idle.noteReused(connection);
  clock.advance(1);
  assert.equal(idle.keep(connection), false);
});

test("beyond the limit the connection that was idle longest is closed", () => {
  const idle = new IdleConnections(LIMITS, new FakeClock());
  const [first, second, third] = [opened(idle), opened(idle), opened(idle)];
  idle.keep(first);
  idle.keep(second);
  idle.noteReused(first);
  idle.keep(first);
  idle.keep(third);
  assert.deepEqual(
    [first, second, third].map(({ destroyed }) => destroyed),
    [false, true, false],
  );
});
