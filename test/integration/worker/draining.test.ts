import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { MemberUpdate } from "../../../src/cluster/cluster.ts";
import { loadNodeConfig } from "../../../src/config/load-node-config.ts";
import { createLog } from "../../../src/observability/log.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { Worker } from "../../../src/worker/worker.ts";
import { FakeRevisionSource } from "../../helpers/fake-revision-source.ts";
import { makeLogs } from "../../helpers/made-logs.ts";
import { makeMember, RecordingCluster } from "../../helpers/recording-cluster.ts";
import { workerFixture } from "./worker-fixture.ts";

test("a worker that stops says leaving and never active again, though a revision arrives meanwhile", async (context) => {
  const home = mkdtempSync(join(tmpdir(), "bascule-draining-"));
  context.after(() => rmSync(home, { recursive: true, force: true }));
  mkdirSync(join(home, "conf"));
  const { config } = loadNodeConfig({ home, properties: { workerNode: "true" }, environment: {} });
  const source = new FakeRevisionSource(() => []);
  source.wanted = "one";
  const updates: MemberUpdate[] = [];
  const cluster = new RecordingCluster(makeMember({ role: "worker" }));
  cluster.update = (change) => void updates.push(change);
  const worker = await Worker.start({
    config: { ...config, serviceListeners: [], connectors: [] },
    source,
    joining: Promise.resolve({ cluster }),
    log: createLog({ node: "w", sinks: [] }),
    logs: makeLogs().logs,
    clock: systemClock,
    onChange: () => {},
  });
  assert.equal(updates.at(-1)?.state, "active");
  const closed = worker.close();
  source.wanted = "two";
  await worker.look();
  await closed;
  assert.equal(worker.revision, "two");
  assert.equal(updates.at(-1)?.state, "leaving");
});

test("a worker that stops answers whoever still calls it, and closes its ports when nobody does", async (context) => {
  const proxy = `<proxy name="P" transports="http"><target><inSequence><respond/></inSequence></target></proxy>`;
  const { worker, updates, call } = await workerFixture(context, () => proxy, "one");
  const statuses: number[] = [];
  const closed = worker.close();
  const untilMs = performance.now() + 1_500;
  while (performance.now() < untilMs) {
    statuses.push((await call("/services/P")).status);
    await sleep(50);
  }
  assert.deepEqual([...new Set(statuses)], [200]);
  assert.equal(updates.at(-1)?.state, "leaving");
  await closed;
  await assert.rejects(call("/services/P"), /ECONNREFUSED/);
});
