import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { ManagementListener } from "../../../src/worker/management-listener.ts";
import { TraceRing } from "../../../src/mediation/trace/trace-ring.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { ChangeDoor } from "../../../src/worker/change-door.ts";
import { TraceDoor } from "../../../src/worker/trace-door.ts";
import { LogDoor } from "../../../src/worker/log-door.ts";
import { makeLogs } from "../../helpers/made-logs.ts";
import { request } from "../../helpers/http-request.ts";

let listener: ManagementListener;

before(async () => {
  const config = {
    scheme: "http",
    port: 0,
    bindAddress: "127.0.0.1",
    proxyPort: undefined,
    proxyName: undefined,
    tls: undefined,
  } as const;
  listener = await ManagementListener.start(config, {
    view: () => ({
      name: "worker-1",
      readiness: { missing: [], degraded: false },
      draining: false,
      removed: false,
      revision: "abc",
      artifacts: [],
      refused: undefined,
      managerUrl: "https://mgt.example/carbon",
    }),
    logs: new LogDoor(makeLogs().logs, () => true),
    traces: new TraceDoor(new TraceRing(systemClock), () => true),
    changes: new ChangeDoor({}, () => true),
  });
});

after(() => listener.close());

async function statusLine(target: string): Promise<string | undefined> {
  const socket = connect(listener.port, "127.0.0.1");
  await once(socket, "connect");
  socket.write(`GET ${target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`);
  return (await text(socket)).split("\r\n")[0];
}

test("a request target of any form is answered and ends nothing", async () => {
  for (const target of ["//", "//%00", "http://[", "//a:b:c/", "/%zz", "*"])
    assert.equal(await statusLine(target), "HTTP/1.1 404 Not Found", target);
  assert.equal(await statusLine("/health/ready?x=1"), "HTTP/1.1 200 OK");
});

test("whatever would change the worker is refused with the manager's address", async () => {
  for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
    const url = `http://127.0.0.1:${listener.port}/management/deployments`;
    const { status, body } = await request(url, { method });
    assert.equal(status, 403);
    assert.match(body, /worker-1 is a worker and changes nothing.*https:\/\/mgt\.example\/carbon/);
  }
});
