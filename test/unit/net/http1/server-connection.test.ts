/** A client's connection that was upgraded: what was sent before the end of a half goes out. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ConnectionLimits } from "../../../../src/net/http1/connection-limits.ts";
import { ServerConnection } from "../../../../src/net/http1/server-connection.ts";
import { TimerWheel } from "../../../../src/net/http1/timer-wheel.ts";
import type { TunnelSide } from "../../../../src/net/http1/tunnel.ts";
import { FakeClock } from "../../../helpers/fake-clock.ts";
import { FakeSocket } from "../../../helpers/fake-socket.ts";
import { settled } from "../../../helpers/memory-files.ts";

const MINUTE_MS = 60_000;

const LIMITS: ConnectionLimits = {
  head: { firstBufferBytes: 1024, largeBufferBytes: 8192, largeBufferCount: 4, fieldsMax: 100 },
  headerTimeoutMs: MINUTE_MS,
  bodyTimeoutMs: MINUTE_MS,
  sendTimeoutMs: MINUTE_MS,
  keepaliveTimeoutMs: MINUTE_MS,
  keepaliveToldSeconds: 0,
  keepaliveRequests: 100,
  keepaliveTimeMs: MINUTE_MS,
  lingering: "off",
  lingeringTimeMs: MINUTE_MS,
  lingeringTimeoutMs: MINUTE_MS,
};

const FACTS = {
  number: 1,
  remoteAddress: "",
  remotePort: 1,
  localAddress: "",
  localPort: 1,
  openedMs: 0,
  tls: undefined,
};

/** The peer's end of a tunnel; `side`: what the peer sends goes there. */
class QuietPeer {
  side: TunnelSide | undefined;

  detach(side: TunnelSide): void {
    this.side = side;
  }

  send(): boolean {
    return true;
  }

  endSending(): void {}
  pauseReading(): void {}
  resumeReading(): void {}
  destroy(): void {}
  destroySoon(): void {}
}

test("what a peer sent before it ended its half goes out though the client is slow", async () => {
  const client = new FakeSocket();
  client.room = 0;
  const peer = new QuietPeer();
  const connection = new ServerConnection({
    open: client.open,
    wheel: new TimerWheel(new FakeClock()),
    limits: () => LIMITS,
    facts: FACTS,
    onFault: () => {},
    onRequest: (exchange) =>
      exchange.upgrade({ status: 101, reason: "Up", fields: [] }, peer, MINUTE_MS),
  });
  client.arrive("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n");
  const headBytes = client.writableLength;
  peer.side?.received(Buffer.from("a"));
  client.takes(headBytes);
  await settled();
  peer.side?.received(Buffer.from("b"));
  peer.side?.ended();
  client.takes(1);
  await settled();
  client.takes();
  await settled();
  assert.ok(client.text.endsWith("ab"), client.text);
  assert.equal(connection.clientEnded, false);
});
