/** Members in processes of their own: an orderly stop and a kill, as the others see them. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Cluster } from "../../../src/cluster/cluster.ts";
import { startCluster } from "../../../src/cluster/start-cluster.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";

const SEEN_MS = 3000;

describe("members in processes of their own", () => {
  const log = new MemoryLog();
  const children: ChildProcess[] = [];
  let cluster: Cluster;

  before(async () => {
    cluster = await startCluster({
      provider: "embedded",
      domain: "process.test",
      localMemberHost: "127.0.0.1",
      localMemberPort: 0,
      members: [],
      groupPassword: "secret",
      self: { role: "manager", subDomain: "mgt", ports: {}, properties: {} },
      log,
      clock: systemClock,
    });
  });
  after(async () => {
    for (const child of children) child.kill("SIGKILL");
    await cluster.close();
  });

  /** Starts a member and resolves with its process and id when both see each other. */
  async function startChild() {
    const started = await spawnMember([String(cluster.self.port)]);
    assert.ok(cluster.members().some((member) => member.id === started.id));
    return started;
  }

  async function spawnMember(args: readonly string[]) {
    const script = join(import.meta.dirname, "member-process.ts");
    const child = spawn(process.execPath, [script, ...args], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(child);
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    const [id = "", port = ""] = line.toString().trim().split(" ");
    return { child, id, port };
  }

  const isThere = (id: string) => cluster.members().some((member) => member.id === id);

  async function until(what: string, condition: () => boolean, withinMs: number) {
    const endMs = systemClock.monotonicMs() + withinMs;
    while (!condition()) {
      assert.ok(systemClock.monotonicMs() < endMs, `${what} within ${withinMs} ms`);
      await new Promise((resolve) => void setTimeout(resolve, 20));
    }
  }

  /** The reason and the milliseconds until a member is reported left. */
  async function leaving(id: string, stop: () => void) {
    const startMs = systemClock.monotonicMs();
    const { promise, resolve } = Promise.withResolvers<string>();
    const remove = cluster.on("left", (member, reason) => {
      if (member.id === id) resolve(reason);
    });
    stop();
    const reason = await promise;
    remove();
    return { reason, ms: systemClock.monotonicMs() - startMs };
  }

  it("reports a member that was killed within three seconds", async () => {
    const { child, id } = await startChild();
    const { reason, ms } = await leaving(id, () => child.kill("SIGKILL"));
    assert.equal(reason, "silent");
    assert.ok(ms < SEEN_MS, `${ms} ms`);
    assert.ok(
      log.messages("info").some((line) => line.startsWith(`Member left [${id}]: /127.0.0.1:`)),
    );
  });

  it("reports an orderly stop at once, and the process ends by itself", async () => {
    const { child, id } = await startChild();
    const exited = once(child, "exit");
    const { reason, ms } = await leaving(id, () => child.kill("SIGTERM"));
    assert.equal(reason, "left");
    assert.ok(ms < 1000, `${ms} ms`);
    assert.equal((await exited)[0], 0);
  });

  it("reports a process that is stopped, and takes it back by itself when it goes on, under its old id", async () => {
    const { child, id } = await startChild();
    const { reason, ms } = await leaving(id, () => child.kill("SIGSTOP"));
    assert.equal(reason, "silent");
    assert.ok(ms < SEEN_MS, `${ms} ms`);
    child.kill("SIGCONT");
    await until("it is back", () => isThere(id), SEEN_MS);
    await leaving(id, () => child.kill("SIGKILL"));
  });

  it("overlooks a process that is stopped for half a second", async () => {
    const { child, id } = await startChild();
    const left: string[] = [];
    const remove = cluster.on("left", (member) => left.push(member.id));
    child.kill("SIGSTOP");
    await new Promise((resolve) => void setTimeout(resolve, 500));
    child.kill("SIGCONT");
    await new Promise((resolve) => void setTimeout(resolve, 1500));
    remove();
    assert.deepEqual(left, []);
    await leaving(id, () => child.kill("SIGKILL"));
  });

  it("keeps a process with another secret out, with one line in the log", async () => {
    const { child, id } = await spawnMember([String(cluster.self.port), "0", "another"]);
    await new Promise((resolve) => void setTimeout(resolve, 1500));
    assert.equal(isThere(id), false);
    const lines = log.messages("warn").filter((line) => line.includes("does not authenticate"));
    assert.equal(lines.length, 1);
    child.kill("SIGKILL");
  });

  it("finds all again when every well-known member was down and comes up, without a restart of the others", async () => {
    const first = await spawnMember([String(cluster.self.port)]);
    const second = await spawnMember([first.port]);
    await until("all see each other", () => isThere(second.id), SEEN_MS);
    await leaving(first.id, () => first.child.kill("SIGKILL"));
    assert.ok(isThere(second.id));
    const again = await spawnMember([first.port, first.port]);
    await until("it is back", () => isThere(again.id), SEEN_MS);
    for (const { child, id } of [second, again]) await leaving(id, () => child.kill("SIGKILL"));
  });

  it("warns when there is no groupPassword", async () => {
    const ownLog = new MemoryLog();
    const alone = await startCluster({
      provider: "embedded",
      domain: "open.test",
      localMemberHost: "127.0.0.1",
      localMemberPort: 0,
      members: [],
      groupPassword: undefined,
      self: { role: "worker", subDomain: "worker", ports: {}, properties: {} },
      log: ownLog,
      clock: systemClock,
    });
    assert.match(
      ownLog.messages("warn").join(),
      /^no groupPassword is set: anyone who .* "open\.test" can take part/,
    );
    await alone.close();
  });
});
