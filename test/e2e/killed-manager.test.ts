/**
 * kill -9 of a manager's process at random moments of deploys, and of a worker's while it stages; a worker that is stopped during a
 * deploy; a manager that cannot write. One manager, two workers and a gateway under load, each a process of its own.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";
import { eventually } from "../helpers/http-request.ts";
import { RevisionLoad } from "../helpers/revision-load.ts";
import { type ManagerReply, SeparateNodes } from "../helpers/separate-nodes.ts";

const ROUNDS = 6;
const SEED = 20_260;
/** A deploy of this cluster takes less on an idle machine. */
const KILL_MS_MAX = 200;
const SETTLE_MS_MAX = 15_000;

let cluster: SeparateNodes;
let load: RevisionLoad;
let version = 0;

before(async () => {
  cluster = await SeparateNodes.start(2);
  await eventually("both workers", async () =>
    (await cluster.revisions()).size === 2 ? true : undefined,
  );
  await deployNext();
  const url = `http://esb.localhost:${cluster.plan.gatewayHttpPort}/services/Probe`;
  load = new RevisionLoad(url, 20);
  await eventually("answers", async () => (load.answers.length > 20 ? true : undefined));
});

after(async () => {
  await load?.stop();
  await cluster?.[Symbol.asyncDispose]();
});

/** A service that answers by itself; each call makes another version of it. */
function nextProbe(): string {
  version += 1;
  return proxy("Probe", version);
}

function proxy(name: string, number: number): string {
  return `<proxy xmlns="http://ws.apache.org/ns/synapse" name="${name}" transports="http https" startOnLoad="true">
  <target><inSequence>
    <payloadFactory media-type="xml"><format><v xmlns="">${number}</v></format></payloadFactory>
    <respond/>
  </inSequence></target>
</proxy>`;
}

/** The deploy must go in; from then on nobody answers with anything else. */
async function deployNext(query = ""): Promise<string> {
  const { status, body } = await cluster.deploy(nextProbe(), query);
  assert.equal(status, 201, JSON.stringify(body));
  assert.equal(cluster.ref("live"), body.commit);
  return body.commit ?? "";
}

/** A small generator of Knuth's kind: the same moments in each run. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}

/** Revisions that requests from then on were answered with, after some more of them. */
async function answeredSince(ms: number, count = 10): Promise<readonly (string | undefined)[]> {
  await eventually("answers", async () => (load.since(ms).length >= count ? true : undefined));
  return [...new Set(load.since(ms).map(({ revision }) => revision))];
}

test("a manager killed at any moment of a deploy leaves all workers old or all new", async (context) => {
  const random = randomFrom(SEED);
  const ends: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const old = cluster.ref("live");
    const known = (await cluster.journal()).length;
    const begunMs = performance.now();
    const delayMs = Math.round(random() * KILL_MS_MAX);
    const answered = cluster.deploy(nextProbe()).catch(() => undefined);
    await pause(delayMs);
    await cluster.killNode("manager");
    const reply = await answered;
    const aloneMs = performance.now();
    const alone = await answeredSince(aloneMs);
    await cluster.startNode("manager");
    const live = await cluster.untilAllOnLive(SETTLE_MS_MAX);
    const what = `round ${round}, killed after ${delayMs} ms`;
    if (reply !== undefined) assert.equal(reply.body.commit, live, what);
    assert.deepEqual(await answeredSince(performance.now()), [live], what);
    const rows = await cluster.journal();
    const row = rows.length > known ? rows[0] : undefined;
    if (live === old) assert.ok(row === undefined || row.outcome === "interrupted", what);
    else assert.deepEqual([row?.outcome, row?.commit], ["deployed", live], what);
    const ours = new Set([old, live]);
    assert.ok(
      load.since(begunMs).every(({ revision }) => ours.has(revision)),
      what,
    );
    assert.equal(cluster.ref("main"), live, what);
    ends.push(
      `${delayMs} ms: ${row?.outcome ?? "not begun"}, ${alone.length} revision(s) meanwhile`,
    );
    const next = await deployNext();
    assert.deepEqual(await answeredSince(performance.now()), [next], what);
    assert.deepEqual(load.failures, [], what);
  }
  context.diagnostic(ends.join("; "));
});

/** What a worker answered to a deploy. */
function answerOf(reply: ManagerReply, node: string): string | undefined {
  return reply.body.workers?.find((one) => one.node === node)?.answer;
}

test("a worker killed while it stages keeps the deploy from nothing but itself", async () => {
  const old = cluster.ref("live");
  const files = Array.from({ length: 100 }, (_, index) => ({
    name: `Many${index}.xml`,
    content: proxy(`Many${index}`, index),
  }));
  const answered = cluster.ask(
    "/management/deployments",
    JSON.stringify({ files }),
    "application/json",
  );
  // It has the question and cannot answer: it dies with the candidate half made.
  cluster.node("worker-2").kill("SIGSTOP");
  await pause(800);
  await cluster.killNode("worker-2");
  const reply = await answered;
  const live = cluster.ref("live");
  assert.equal(reply.status, 201, JSON.stringify(reply.body));
  assert.equal(reply.body.commit, live);
  assert.notEqual(live, old);
  // On a busy machine the membership has missed it before it was asked.
  assert.equal(answerOf(reply, "worker-2") ?? "left", "left");
  assert.deepEqual(await answeredSince(performance.now()), [live]);
  await cluster.startNode("worker-2");
  assert.equal(await cluster.untilAllOnLive(SETTLE_MS_MAX), live);
  await deployNext();
  assert.deepEqual(load.failures, []);
});

/** A stopped worker refuses the deploy by its silence, and is left out; where the membership was quicker, it has left. */
async function deployDespite(node: string, old: string): Promise<string> {
  const begunMs = performance.now();
  const first = await cluster.deploy(nextProbe());
  assert.ok(performance.now() - begunMs < 5_000);
  if (first.status === 201) {
    assert.equal(answerOf(first, node) ?? "left", "left");
    return first.body.commit ?? "";
  }
  assert.equal(first.status, 503);
  assert.match(first.body.Error ?? "", /worker-2 did not answer within 1 s.*--without worker-2/);
  assert.equal(cluster.ref("live"), old);
  const reply = await cluster.deploy(nextProbe(), `?without=${node}`);
  // The membership may have missed it by now.
  if (reply.body.code === "REQUEST_INVALID") return deployNext();
  assert.equal(reply.status, 201, JSON.stringify(reply.body));
  assert.match(answerOf(reply, node) ?? "", /^(without|left)$/);
  return reply.body.commit ?? "";
}

test("a worker stopped during a deploy is told of, can be left out, and catches up when it goes on", async () => {
  // Shorter than the membership takes to miss a member.
  cluster.setStageTimeout(1);
  await cluster.killNode("manager");
  await cluster.startNode("manager");
  const old = await cluster.untilAllOnLive(SETTLE_MS_MAX);
  cluster.node("worker-2").kill("SIGSTOP");
  const live = await deployDespite("worker-2", old);
  assert.equal(cluster.ref("live"), live);
  const deployedMs = performance.now();
  await answeredSince(deployedMs);
  cluster.node("worker-2").kill("SIGCONT");
  assert.equal(await cluster.untilAllOnLive(SETTLE_MS_MAX), live);
  await answeredSince(performance.now(), 20);
  // Neither while it was stopped, nor between its going on and its catching up.
  assert.deepEqual(await answeredSince(deployedMs), [live]);
  const next = await deployNext();
  assert.deepEqual(await answeredSince(performance.now()), [next]);
  assert.deepEqual(load.failures, []);
});

/** Every file of the process is full from its first byte on, or as it was. */
function limitFiles(pid: number, limit: "0" | "unlimited"): void {
  execFileSync("prlimit", ["--pid", String(pid), `--fsize=${limit}:unlimited`]);
}

test("a manager that cannot write refuses with the reason, and deploys as soon as it can", async (context) => {
  const { pid } = cluster.node("manager");
  try {
    limitFiles(pid, "unlimited");
  } catch {
    context.skip("prlimit is not there");
    return;
  }
  const old = cluster.ref("live");
  limitFiles(pid, "0");
  const refused = await cluster.deploy(nextProbe());
  limitFiles(pid, "unlimited");
  assert.equal(refused.status, 503, JSON.stringify(refused.body));
  assert.match(refused.body.Error ?? "", /cannot be read or written: .*; check the free space/);
  assert.equal(cluster.ref("live"), old);
  assert.deepEqual(await answeredSince(performance.now()), [old]);
  const next = await deployNext();
  assert.deepEqual(await answeredSince(performance.now()), [next]);
  assert.deepEqual(load.failures, []);
});
