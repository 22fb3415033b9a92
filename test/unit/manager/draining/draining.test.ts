/** Draining, restarting and the rolling restart, over simulated members and workers that do as they are told. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Cluster } from "../../../../src/cluster/cluster.ts";
import { AppError } from "../../../../src/errors/app-error.ts";
import { describeDrain } from "../../../../src/manager/draining/drain-view.ts";
import { Draining } from "../../../../src/manager/draining/draining.ts";
import { RETURN_MS_MAX } from "../../../../src/manager/draining/node-drain.ts";
import type { DrainRequest, WorkerDoor } from "../../../../src/manager/draining/worker-door.ts";
import { NodeDirectory } from "../../../../src/manager/relay/node-directory.ts";
import { FakeClock } from "../../../helpers/fake-clock.ts";
import { MemoryLog } from "../../../helpers/memory-log.ts";
import { SimulatedMembership } from "../../../helpers/simulated-membership.ts";

const BY = { isForced: false, by: "admin", deadlineMs: 60_000 } as const;

/** Workers 1 to `count`; each end and return takes place when the test says so, or at once. */
class World {
  readonly clock = new FakeClock();
  readonly log = new MemoryLog();
  readonly membership = new SimulatedMembership({ role: "manager", revision: "live" });
  readonly orders: string[] = [];
  readonly draining: Draining;
  changes = 0;
  comesBack = true;
  refuses: string | undefined;
  refusesEnd = false;
  #starts = 0;

  constructor(count = 2, supervisor: string | undefined = "bascule up") {
    for (let number = 1; number <= count; number++) this.startWorker(number, supervisor);
    this.membership.set("gateway", { role: "gateway" });
    const cluster = this.membership as unknown as Cluster;
    const door: WorkerDoor = {
      drain: async (node, request) => this.#drain(node.name, request),
      resume: async ({ name }) => {
        this.orders.push(`resume ${name}`);
        this.membership.set(name, { state: "active" });
      },
    };
    this.draining = new Draining({
      cluster,
      directory: new NodeDirectory(cluster, "manager"),
      door,
      drainTimeMs: 600_000,
      clock: this.clock,
      log: this.log,
      onChange: () => this.changes++,
    });
  }

  startWorker(number: number, supervisor?: string): void {
    const certificate = { managementCertificate: `print-${number}` };
    this.membership.worker(number, {
      id: `start-${++this.#starts}`,
      state: "active",
      revision: "live",
      ports: { http: 8280, management: 9443 },
      properties: { ...certificate, ...(supervisor !== undefined && { supervisor }) },
    });
  }

  /** What the gateway tells of a worker's sessions. */
  sessions(name: string, text: string | undefined): void {
    const properties = text === undefined ? {} : { [`sessions.${name}`]: text };
    this.membership.set("gateway", { properties });
  }

  phase(name: string): string | undefined {
    return this.draining.view(name)?.phase;
  }

  #drain(name: string, { deadlineMs, goal }: DrainRequest): void {
    if (this.refuses === name) throw new AppError("NODE_UNREACHABLE", `${name} is deaf`);
    this.orders.push(`${name} ${deadlineMs} ${goal}`);
    if (this.refusesEnd && deadlineMs === 0) throw new AppError("NODE_UNREACHABLE", "no end");
    this.membership.set(name, { state: "draining" });
    if (deadlineMs > 0 || goal === "stay") return;
    this.membership.remove(name);
    if (goal === "restart" && this.comesBack) this.startWorker(Number(name.at(-1)), "bascule up");
  }
}

test("a drained worker stays as it is until it is resumed", async () => {
  const world = new World();
  const { draining, clock } = world;
  await draining.drain("worker-1", { ...BY, goal: "stay" });
  world.sessions("worker-1", "2/70");
  clock.advance(30_000);
  const view = draining.view("worker-1");
  assert.deepEqual(
    [view?.phase, view?.sessions, view?.oldestSeconds, view?.isComplete, view?.secondsLeft],
    ["draining", 2, 70, true, 30],
  );
  assert.deepEqual(draining.describe(), [
    "worker-1 drains: 2 sessions, the oldest 70 s, at most 30 s left",
  ]);
  world.sessions("worker-1", "0/0");
  clock.advance(1_000);
  assert.equal(world.phase("worker-1"), "drained");
  clock.advance(3_600_000);
  assert.equal(world.phase("worker-1"), "drained");
  await draining.resume("worker-1", "admin");
  assert.deepEqual([world.phase("worker-1"), draining.describe()], ["resumed", []]);
  assert.deepEqual(world.orders, ["worker-1 60000 stay", "resume worker-1"]);
});

test("a worker is not free before every gateway has counted, nor where clients keep their sessions", async () => {
  const world = new World();
  const { draining, clock } = world;
  await draining.drain("worker-1", { ...BY, goal: "stay" });
  clock.advance(20_000);
  assert.deepEqual(
    [world.phase("worker-1"), draining.view("worker-1")?.isComplete],
    ["draining", false],
  );
  world.sessions("worker-1", "0/0 unknown");
  clock.advance(20_000);
  assert.equal(world.phase("worker-1"), "draining");
  clock.advance(20_000);
  assert.equal(world.phase("worker-1"), "drained");
});

test("a restart waits for the sessions, then for the worker on the live revision", async () => {
  const world = new World();
  const { draining, clock, membership } = world;
  world.comesBack = false;
  await draining.drain("worker-1", { ...BY, goal: "restart" });
  world.sessions("worker-1", "1/5");
  clock.advance(10_000);
  assert.deepEqual(world.orders, ["worker-1 60000 restart"]);
  world.sessions("worker-1", "0/0");
  clock.advance(500);
  assert.deepEqual(world.orders.slice(1), ["worker-1 0 restart"]);
  assert.equal(world.phase("worker-1"), "returning");
  world.startWorker(1);
  membership.set("worker-1", { state: "joining", revision: undefined });
  clock.advance(1_000);
  membership.set("worker-1", { state: "active", revision: "older" });
  clock.advance(1_000);
  assert.equal(world.phase("worker-1"), "returning");
  membership.set("worker-1", { revision: "live" });
  clock.advance(1_000);
  assert.equal(world.phase("worker-1"), "restarted");
});

test("the deadline ends sessions, and says how many", async () => {
  const world = new World();
  const { draining, clock } = world;
  world.sessions("worker-1", "7/90");
  await draining.drain("worker-1", { ...BY, goal: "stop" });
  clock.advance(59_000);
  assert.equal(world.phase("worker-1"), "draining");
  clock.advance(1_500);
  assert.equal(world.phase("worker-1"), "stopped");
  assert.match(world.log.messages("info").join("\n"), /deadline was over with 7 sessions/);
});

test("a worker that does not take the order to end is told again, until it is given up", async () => {
  const world = new World();
  const { draining, clock } = world;
  world.sessions("worker-1", "0/0");
  world.refusesEnd = true;
  await draining.drain("worker-1", { ...BY, goal: "restart" });
  await clock.advanceAsync(20_000, 250);
  assert.deepEqual([world.phase("worker-1"), world.orders.length], ["draining", 5]);
  world.refusesEnd = false;
  await clock.advanceAsync(6_000, 250);
  assert.equal(world.phase("worker-1"), "restarted");
  world.refusesEnd = true;
  world.sessions("worker-2", "0/0");
  await draining.drain("worker-2", { ...BY, goal: "stop" });
  await clock.advanceAsync(200_000, 250);
  assert.equal(world.phase("worker-2"), "failed");
  assert.equal(draining.view("worker-2")?.reason, "no end");
});

test("a worker that does not come back fails with what to look at", async () => {
  const world = new World();
  world.comesBack = false;
  world.sessions("worker-1", "0/0");
  await world.draining.drain("worker-1", { ...BY, goal: "restart" });
  world.clock.advance(RETURN_MS_MAX + 5_000);
  const view = world.draining.view("worker-1");
  assert.equal(view?.phase, "failed");
  assert.match(view?.reason ?? "", /did not come back within 120 s: look at its supervisor/);
});

test("refuses what would leave new clients without a worker, and a restart that nobody would make good", async () => {
  const lone = new World(1);
  const refusal = { code: "REQUEST_INVALID", message: /no other worker.*--force/ };
  await assert.rejects(lone.draining.drain("worker-1", { ...BY, goal: "stay" }), refusal);
  await lone.draining.drain("worker-1", { ...BY, goal: "stay", isForced: true });
  assert.equal(lone.phase("worker-1"), "draining");
  const byHand = new World(2, "");
  await assert.rejects(byHand.draining.drain("worker-1", { ...BY, goal: "restart" }), {
    message: /nothing would start worker-1 again: .*BASCULE_SUPERVISOR/,
  });
  await assert.rejects(byHand.draining.restartAll(BY), { message: /worker-1, worker-2 again/ });
  const { draining } = new World();
  const order = { ...BY, goal: "stay" } as const;
  await assert.rejects(draining.drain("nobody", order), { code: "RESOURCE_UNKNOWN" });
  await assert.rejects(draining.drain("gateway", order), { code: "RESOURCE_UNKNOWN" });
});

test("a worker that cannot be asked is as it was", async () => {
  const world = new World();
  world.refuses = "worker-1";
  const order = { ...BY, goal: "stay" } as const;
  await assert.rejects(world.draining.drain("worker-1", order), { code: "NODE_UNREACHABLE" });
  assert.deepEqual([world.draining.views, world.draining.describe()], [[], []]);
});

test("a rolling restart takes one worker after the other, each when the one before is back", async () => {
  const world = new World(3);
  const { draining, clock } = world;
  world.sessions("worker-1", "0/0");
  await draining.restartAll(BY);
  await clock.advanceAsync(5_000, 250);
  assert.deepEqual(world.orders, [
    "worker-1 60000 restart",
    "worker-1 0 restart",
    "worker-2 60000 restart",
  ]);
  assert.match(
    draining.describe()[0] ?? "",
    /^rolling restart: 1 of 3 workers are back, now worker-2/,
  );
  await assert.rejects(draining.restartAll(BY), { message: /under way/ });
  world.sessions("worker-2", "0/0");
  await clock.advanceAsync(5_000, 250);
  world.sessions("worker-3", "0/0");
  await clock.advanceAsync(5_000, 250);
  assert.deepEqual([draining.rolling?.phase, draining.rolling?.done], ["done", 3]);
  assert.deepEqual(draining.describe(), []);
  assert.ok(world.changes > 3);
});

test("a rolling restart ends at the first worker that fails or is resumed, and says so", async () => {
  const world = new World(3);
  const { draining, clock } = world;
  world.comesBack = false;
  world.sessions("worker-1", "0/0");
  await draining.restartAll(BY);
  await clock.advanceAsync(RETURN_MS_MAX + 10_000, 250);
  assert.equal(draining.rolling?.phase, "failed");
  assert.match(draining.rolling?.reason ?? "", /^worker-1: it did not come back/);
  assert.match(draining.describe()[0] ?? "", /has ended: worker-1: .*; 0 of 3 workers are back/);
  assert.ok(!world.orders.some((order) => order.startsWith("worker-2")));

  const resumed = new World(2);
  await resumed.draining.restartAll(BY);
  await resumed.draining.resume("worker-1", "admin");
  assert.deepEqual(resumed.draining.rolling?.reason, "worker-1: it was resumed");
});

test("forgets what is over after ten minutes, and keeps no timer", async () => {
  const world = new World();
  const { draining, clock } = world;
  await draining.drain("worker-1", { ...BY, goal: "stay" });
  await draining.resume("worker-1", "admin");
  clock.advance(9 * 60_000);
  assert.equal(draining.views.length, 1);
  clock.advance(2 * 60_000);
  assert.deepEqual([draining.views.length, clock.pendingCount], [0, 0]);
});

test("one session is not two", () => {
  const view = {
    name: "w",
    phase: "draining",
    goal: "stay",
    sessions: 1,
    oldestSeconds: 3,
    isComplete: false,
    by: "admin",
    startedAt: "",
    deadlineAt: "",
    secondsLeft: 9,
    reason: null,
  } as const;
  assert.equal(
    describeDrain(view),
    "w drains: 1 session, the oldest 3 s, perhaps more that clients keep, at most 9 s left",
  );
});
