/** The page of stub_status and its variables. */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { freePort, GatewayFixture, startBackend, until } from "../../helpers/gateway-fixture.ts";
import { request } from "../../helpers/http-request.ts";

test("counts connections that read, write and wait, and requests over reloads", async () => {
  let held: (() => void) | undefined;
  await using slow = await startBackend("slow", {
    handler: (_, response) => {
      held = () => response.end("done");
    },
  });
  await using fixture = new GatewayFixture();
  const port = await freePort();
  const inside = `server { listen 127.0.0.1:${port};
    add_header X-Counts "$connections_active $connections_reading $connections_writing $connections_waiting";
    location /status { stub_status; }
    location /slow { proxy_pass http://127.0.0.1:${slow.port}; }
    location / { return 200 x; } }`;
  await fixture.start(inside);
  const url = `http://127.0.0.1:${port}`;
  await request(`${url}/`);
  const waiting = connect(port, "127.0.0.1");
  const reading = connect(port, "127.0.0.1");
  const writing = connect(port, "127.0.0.1");
  try {
    reading.write("GET / HTTP/1.1\r\n");
    writing.write("GET /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    await until(() => held !== undefined, "the slow request");
    await fixture.reload(inside);
    const page = await request(`${url}/status`);
    assert.equal(page.headers["x-counts"], "4 1 2 1");
    assert.equal(
      page.body,
      "Active connections: 4 \nserver accepts handled requests\n 5 5 3 \nReading: 1 Writing: 2 Waiting: 1 \n",
    );
    assert.equal((await request(`${url}/status`, { body: "x" })).status, 405);
  } finally {
    held?.();
    for (const socket of [waiting, reading, writing]) socket.destroy();
  }
  await until(() => fixture.gateway.activeCount === 0, "the end of the slow request");
});
