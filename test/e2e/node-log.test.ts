/**
 * A node's log through the manager, in a cluster of real processes with the certificates and the membership that `bascule up`
 * makes: with a login by HTTP and WebSocket, and in a browser through the gateway.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { WebSocket } from "ws";
import { eventually, request } from "../helpers/http-request.ts";
import { RunningCluster } from "../helpers/running-cluster.ts";

const CHROMIUM = process.env["BASCULE_CHROMIUM"] ?? "/usr/bin/chromium";
/** Makes pictures of the pages in this folder, for people. */
const PICTURES = process.env["BASCULE_PICTURES"];
const SERVED = /LogMediator To: .*Direction: request/;

let cluster: RunningCluster;
let password: string;

before(async () => {
  cluster = await RunningCluster.start();
  const file = "manager/repository/database/initial-admin-password";
  password = readFileSync(join(cluster.home, file), "utf8").trim();
});
after(async () => {
  await cluster[Symbol.asyncDispose]();
});

const managerOf = (scheme: string): string => `${scheme}://127.0.0.1:${9443 + cluster.offset}`;
const authorization = (): string => `Basic ${Buffer.from(`admin:${password}`).toString("base64")}`;

test("an admin follows what a worker logs, through the manager", async () => {
  const socket = new WebSocket(`${managerOf("wss")}/carbon/nodes/worker-1/logs/tail?lines=0`, {
    ca: cluster.authority,
    headers: { authorization: authorization() },
  });
  const messages: string[] = [];
  socket.on("message", (data: Buffer) => {
    const frame: { component: string; message: string } = JSON.parse(data.toString());
    messages.push(`${frame.component} ${frame.message}`);
  });
  await once(socket, "open");
  await eventually("worker-1's line", async () => {
    assert.equal((await cluster.quote()).status, 200);
    return messages.some((message) => SERVED.test(message)) ? true : undefined;
  });
  const options = { ca: cluster.authority, headers: { authorization: authorization() } };
  const page = await request(
    `${managerOf("https")}/carbon/nodes/worker-2/logs?lines=2000`,
    options,
  );
  assert.equal(page.status, 200, page.body);
  assert.match(page.body, /"node":"worker-2"/);
  assert.match(page.body, /Member joined/);
  socket.terminate();
});

test("a worker shows its log to nobody but the manager, not even to another member", async () => {
  const url = `https://127.0.0.1:${9444 + cluster.offset}/logs`;
  const { status, body } = await request(url, { ca: cluster.authority });
  assert.equal(status, 403);
  assert.match(body, /to the manager only/);
  const folder = join(cluster.home, "worker-2/conf/tls");
  const socket = new WebSocket(`${url.replace("https:", "wss:")}/tail`, {
    ca: cluster.authority,
    cert: readFileSync(join(folder, "node.crt")),
    key: readFileSync(join(folder, "node.key")),
  });
  const [error] = await once(socket, "error");
  assert.match(String(error), /403/);
});

const isWithout = !existsSync(CHROMIUM) && "needs chromium, or BASCULE_CHROMIUM";

test(
  "the console shows a worker's log live, through the gateway",
  { skip: isWithout },
  async () => {
    const browser = await chromium.launch({
      executablePath: CHROMIUM,
      chromiumSandbox: false,
      args: ["--host-resolver-rules=MAP *.localhost 127.0.0.1"],
    });
    try {
      const page = await browser.newPage({ ignoreHTTPSErrors: true });
      page.setDefaultTimeout(10_000);
      await page.goto(`${cluster.consoleOrigin}/carbon/`);
      await page.getByLabel("User name").fill("admin");
      await page.getByLabel("Password").fill(password);
      await page.getByRole("button", { name: "Log in" }).click();
      await page.getByRole("button", { name: "Log of worker-1" }).click();
      await page.getByText("New lines appear as they are written.").waitFor();
      const lines = page.getByRole("log", { name: "Log of worker-1" });
      const served = lines.getByText(SERVED);
      const earlier = await served.count();
      await eventually("a new line in the page", async () => {
        assert.equal((await cluster.quote()).status, 200);
        return (await served.count()) > earlier ? true : undefined;
      });
      if (PICTURES) await page.screenshot({ path: join(PICTURES, "worker-log.png") });
      assert.equal(await page.getByRole("button", { name: "Log of gateway" }).count(), 0);
    } finally {
      await browser.close();
    }
  },
);

test("the log of a worker that was killed is no longer there, and the answer says so", async () => {
  const { pid } = await cluster.node("worker-2");
  assert.ok(pid);
  const options = { ca: cluster.authority, headers: { authorization: authorization() } };
  const ask = () => request(`${managerOf("https")}/carbon/nodes/worker-2/logs`, options);
  process.kill(pid, "SIGKILL");
  const atOnce = await ask();
  assert.equal(atOnce.status, 502);
  assert.match(atOnce.body, /NODE_UNREACHABLE/);
  await eventually("it has left", async () =>
    (await ask()).body.includes("worker-2 has left the cluster") ? true : undefined,
  );
});
