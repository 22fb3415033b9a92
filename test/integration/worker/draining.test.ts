import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { MemberUpdate } from "../../../src/cluster/cluster.ts";
import { loadNodeConfig } from "../../../src/config/load-node-config.ts";
import { createLog } from "../../../src/observability/log.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import type { RevisionSource } from "../../../src/worker/revision-source.ts";
import { Worker } from "../../../src/worker/worker.ts";
import { makeLogs } from "../../helpers/made-logs.ts";
import { makeMember, RecordingCluster } from "../../helpers/recording-cluster.ts";

test("a worker that stops says draining and never active again, though a revision arrives meanwhile", async (context) => {
  const home = mkdtempSync(join(tmpdir(), "bascule-draining-"));
  context.after(() => rmSync(home, { recursive: true, force: true }));
  mkdirSync(join(home, "conf"));
  const { config } = loadNodeConfig({ home, properties: { workerNode: "true" }, environment: {} });
  let revision = "one";
  const source: RevisionSource = {
    description: "the test's source",
    current: async () => ({ id: revision, files: [] }),
    lastGood: async () => undefined,
    rememberGood: async () => {},
  };
  const updates: MemberUpdate[] = [];
  const cluster = new RecordingCluster(makeMember({ role: "worker" }));
  cluster.update = (change) => void updates.push(change);
  const worker = await Worker.start({
    config: { ...config, serviceListeners: [], connectors: [] },
    source,
    cluster,
    log: createLog({ node: "w", sinks: [] }),
    logs: makeLogs().logs,
    clock: systemClock,
    onChange: () => {},
  });
  assert.equal(updates.at(-1)?.state, "active");
  const closed = worker.close();
  revision = "two";
  await worker.look();
  await closed;
  assert.equal(worker.revision, "two");
  assert.equal(updates.at(-1)?.state, "draining");
});
