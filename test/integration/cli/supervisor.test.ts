/** The supervisor of `bascule up` with nodes that end in different ways. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { PlannedNode } from "../../../src/cli/up/cluster-plan.ts";
import { Supervisor } from "../../../src/cli/up/supervisor.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { until } from "../../helpers/gateway-fixture.ts";

/** A node that ends with the statuses given, one a start, and then stays; `starts` counts them. */
function open(context: TestContext, statuses: readonly number[]) {
  const home = mkdtempSync(join(tmpdir(), "bascule-supervisor-"));
  const [file, script] = [join(home, "starts"), join(home, "node.cjs")];
  writeFileSync(
    script,
    `const { existsSync, readFileSync, writeFileSync } = require("node:fs");
     process.on("SIGTERM", () => process.exit(75));
     const file = ${JSON.stringify(file)};
     const starts = existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
     writeFileSync(file, String(starts + 1));
     const status = ${JSON.stringify(statuses)}[starts];
     if (status !== undefined) process.exit(status);
     setInterval(() => {}, 1000);`,
  );
  const node = { name: "worker-1", role: "worker", home, args: [], ports: [] };
  const ends: string[] = [];
  const supervisor = new Supervisor({
    nodes: [node as unknown as PlannedNode],
    command: [process.execPath, script],
    clock: systemClock,
    onLine: () => {},
    onState: () => {},
    onEnd: (_node, how) => void ends.push(how),
  });
  context.after(async () => {
    await supervisor.stop();
    rmSync(home, { recursive: true, force: true });
  });
  const starts = (): number => (existsSync(file) ? Number(readFileSync(file, "utf8")) : 0);
  const state = (): string | undefined => supervisor.statuses[0]?.state;
  supervisor.start();
  return { supervisor, ends, starts, state };
}

test("a node that ends with status 75 is started again, and nobody is told of an end", async (context) => {
  const { ends, starts, state } = open(context, [75, 75]);
  await until(() => starts() === 3, "three starts");
  assert.deepEqual([ends, state()], [[], "starting"]);
});

test("a node that crashes or stops is not started again", async (context) => {
  const { ends, starts, state } = open(context, [1]);
  await until(() => ends.length === 1, "the end");
  assert.deepEqual([ends, starts(), state()], [["exit status 1"], 1, "failed"]);
  const stopped = open(context, [0]);
  await until(() => stopped.ends.length === 1, "the end");
  assert.deepEqual([stopped.starts(), stopped.state()], [1, "stopped"]);
});

test("a node that was removed from the cluster is not started again, and shows as removed", async (context) => {
  const { ends, starts, state } = open(context, [77, 77]);
  await until(() => ends.length === 1, "the end");
  assert.deepEqual([starts(), state()], [1, "removed"]);
  assert.match(ends[0] ?? "", /removed from the cluster: .*register/);
});

test("a stop of all is not undone by a node that ends with status 75", async (context) => {
  const { supervisor, starts, state } = open(context, []);
  await until(() => starts() === 1, "the start");
  await supervisor.stop();
  assert.deepEqual([starts(), state()], [1, "stopped"]);
});
