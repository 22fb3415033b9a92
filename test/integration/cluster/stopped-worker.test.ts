/**
 * A worker process that is stopped for longer than its lease, and continued when another one has the job, with both providers.
 * Most of its time are leases that begin (3.5 s after a member's start) and end (3.5 s and 5 s).
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import type { Cluster } from "../../../src/cluster/cluster.ts";
import { type ClusterOptions, startCluster } from "../../../src/cluster/start-cluster.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { HazelcastDouble } from "../../helpers/hazelcast-double/hazelcast-double.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";

const host = "127.0.0.1";
const DOMAIN = "jobs.test";

const machineMs = (): number => Number(process.hrtime.bigint()) / 1e6;
const pass = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

async function until(what: string, condition: () => boolean, withinMs: number): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!condition()) {
    assert.ok(performance.now() < endMs, `${what} within ${withinMs} ms`);
    await pass(20);
  }
}

describe("a worker that was stopped for longer than its lease", { concurrency: 2 }, () => {
  const double = new HazelcastDouble(DOMAIN);
  const clusters: Cluster[] = [];
  const children: ChildProcess[] = [];

  before(() => double.start());
  after(async () => {
    for (const child of children) child.kill("SIGKILL");
    await Promise.all(clusters.map((cluster) => cluster.close()));
    await double.stop();
  });

  async function start(provider: ClusterOptions["provider"], known?: Cluster): Promise<Cluster> {
    const cluster = await startCluster({
      provider,
      domain: DOMAIN,
      localMemberHost: host,
      localMemberPort: 0,
      members: provider === "embedded" && known ? [known.self] : [],
      hazelcast: { members: [double.address], command: undefined, folder: "" },
      groupPassword: "secret",
      self: { role: "worker", subDomain: "worker", ports: {}, properties: {} },
      log: new MemoryLog(),
      clock: systemClock,
    });
    clusters.push(cluster);
    return cluster;
  }

  for (const provider of ["embedded", "hazelcast"] as const) {
    it(`runs nothing any more that is another's, with the ${provider} provider`, async () => {
      const first = await start(provider);
      const starting = start(provider, first);
      const port = provider === "embedded" ? first.self.port : double.address.port;
      const script = join(import.meta.dirname, "job-process.ts");
      const child = spawn(process.execPath, [script, provider, String(port)], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      children.push(child);
      const runs: number[] = [];
      createInterface(child.stdout).on("line", (line) => runs.push(Number(line.split(" ")[1])));
      const second = await starting;
      // From a run on, so that it is stopped right before one: its timer is the first one that is late when the process goes on.
      const known = runs.length;
      await until("the worker runs the task", () => runs.length > known, 15_000);
      let isElsewhere = false;
      for (const cluster of [first, second])
        cluster.lease("task T", { gained: () => (isElsewhere = true), lost: () => undefined });
      await pass(940);
      child.kill("SIGSTOP");
      await until("another has the job", () => isElsewhere, 15_000);
      const continuedMs = machineMs();
      child.kill("SIGCONT");
      // The late run would come at once, the next one a second later.
      await pass(1_200);
      assert.equal(child.exitCode, null);
      assert.deepEqual(
        runs.filter((runMs) => runMs >= continuedMs),
        [],
      );
    });
  }
});
