/** Draining and the rolling restart on a whole cluster, under load: sessions stay until they end, and no request fails. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { eventually } from "../helpers/http-request.ts";
import { NodeProcess, runBascule } from "../helpers/node-process.ts";
import { RunningCluster } from "../helpers/running-cluster.ts";

let cluster: RunningCluster;

before(async () => {
  cluster = await RunningCluster.start();
  await cluster.commonRevision(["worker-1", "worker-2"]);
  await shortenSessions("8s");
});

after(() => cluster[Symbol.asyncDispose]());

/** Sessions that nobody uses end after ten minutes by default. */
async function shortenSessions(timeout: string): Promise<void> {
  const file = join(cluster.home, "gateway/conf/conf.d/esb.https.conf");
  const zone = "zone=client_sessions:1m";
  const text = readFileSync(file, "utf8");
  assert.ok(text.includes(zone));
  writeFileSync(file, text.replace(zone, `${zone} timeout=${timeout}`));
  process.kill((await cluster.node("gateway")).pid ?? 0, "SIGHUP");
  await cluster.up.line(/The configuration was reloaded/);
}

async function newSession(): Promise<string> {
  const { status, headers } = await cluster.secureQuote();
  assert.equal(status, 200);
  const cookie = headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
  assert.match(cookie, /^JSESSIONID=/);
  return cookie;
}

/** How many of the requests reached worker-1; their log lines come by another way than the answers. */
async function servedByFirst(count: number, ask: () => Promise<unknown>): Promise<number> {
  const served = (): readonly number[] =>
    ["worker-1", "worker-2"].map((name) => cluster.served(name));
  const [first = 0, second = 0] = served();
  for (let at = 0; at < count; at++) await ask();
  return eventually("the log lines", async () => {
    const [one = 0, two = 0] = served();
    return one + two - first - second === count ? one - first : undefined;
  });
}

/** Clients that ask until `stop`: half of them stay with their session. */
function underLoad() {
  const statuses: number[] = [];
  const load = { isOver: false };
  const client = async (keeps: boolean): Promise<void> => {
    let cookie: string | undefined;
    while (!load.isOver) {
      const { status, headers } = await cluster.secureQuote(keeps ? cookie : undefined);
      statuses.push(status);
      cookie = headers["set-cookie"]?.[0]?.split(";")[0] ?? cookie;
    }
  };
  const clients = Promise.all([true, true, false, false].map(client));
  const stop = async (): Promise<readonly number[]> => {
    load.isOver = true;
    await clients;
    return statuses;
  };
  return { stop };
}

test("a worker that drains keeps its sessions until they end, and is shown while it does", async () => {
  const cookies: string[] = [];
  const bound: string[] = [];
  for (let at = 0; at < 4; at++) {
    const isFirst = (await servedByFirst(1, async () => cookies.push(await newSession()))) === 1;
    if (isFirst) bound.push(...cookies.slice(-1));
  }
  assert.ok(bound.length > 0 && bound.length < cookies.length);
  const drain = new NodeProcess(["drain", "worker-1", "--deadline", "40s", "--dir", cluster.home]);
  await drain.line(/^worker-1 +draining +[1-9]\d* sessions? +oldest \d+ s +\d+ s left$/);
  const [own = ""] = bound;
  assert.equal(await servedByFirst(3, () => cluster.secureQuote(own)), 3);
  assert.equal(await servedByFirst(6, () => cluster.secureQuote()), 0);
  const { text } = await runBascule(["status", "--dir", cluster.home]);
  assert.match(text, /worker-1 +draining/);
  assert.match(text, /worker-1 drains: \d+ sessions?, the oldest \d+ s, at most \d+ s left/);
  assert.equal(await drain.ended, 0);
  assert.match(drain.text, /^worker-1 +drained$/m);
  const resumed = await runBascule(["resume", "worker-1", "--dir", cluster.home]);
  assert.deepEqual(resumed, { status: 0, text: "worker-1 takes new sessions again" });
  await eventually("worker-1 in the rotation", async () =>
    (await servedByFirst(4, () => cluster.secureQuote())) > 0 ? true : undefined,
  );
});

test("a rolling restart of all workers fails no request", async () => {
  const pids = async () =>
    Promise.all(["worker-1", "worker-2"].map(async (name) => (await cluster.node(name)).pid));
  const earlier = await pids();
  const load = underLoad();
  const words = ["restart", "--rolling", "--deadline", "1s", "--dir", cluster.home];
  const { status, text } = await runBascule(words);
  const statuses = await load.stop();
  assert.equal(status, 0, text);
  assert.match(text, /all 2 workers were restarted/);
  assert.ok(statuses.length > 50);
  const errors = readFileSync(join(cluster.home, "gateway/logs/error.log"), "utf8").slice(-4_000);
  assert.deepEqual([...new Set(statuses)], [200], errors);
  const later = await pids();
  assert.ok(later.every((pid) => pid !== null && !earlier.includes(pid)));
  assert.equal(cluster.up.countOf(/ended to be restarted/), 2);
});
