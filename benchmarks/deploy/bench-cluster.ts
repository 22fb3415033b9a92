/**
 * The cluster of the benchmark: the nodes that `bascule up` runs, planned, written, registered and supervised by the same code,
 * on free ports, in a temporary folder.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { writeClusterFacts } from "../../src/cli/up/cluster-folder.ts";
import { type ClusterPlan, type PlannedNode, planCluster } from "../../src/cli/up/cluster-plan.ts";
import { authorityFile, writeFirstCertificates } from "../../src/cli/up/first-certificates.ts";
import { registerHomes } from "../../src/cli/up/first-registrations.ts";
import { busyPortsText } from "../../src/cli/up/port-check.ts";
import { ownCommand, Supervisor } from "../../src/cli/up/supervisor.ts";
import { writeHomes } from "../../src/cli/up/write-homes.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { PACKAGE_ROOT } from "../../src/runtime/product.ts";
import { seedRepository } from "./seeded-repository.ts";

/** Below the range from which outgoing connections take their ports. */
const OFFSETS = { first: 1_000, last: 20_000, step: 50 } as const;
/** Lines of a node's log that are kept for telling why it failed. */
const LINES_MAX = 50_000;

export class BenchCluster implements AsyncDisposable {
  readonly plan: ClusterPlan;
  readonly #supervisor: Supervisor;
  readonly #lines: string[] = [];
  /** Nodes that were started again by hand. */
  readonly #again = new Map<string, ChildProcess>();

  private constructor(plan: ClusterPlan) {
    this.plan = plan;
    this.#supervisor = new Supervisor({
      nodes: plan.nodes,
      command: ownCommand(PACKAGE_ROOT),
      clock: systemClock,
      onLine: ({ name }, line) => this.#keep(`[${name}] ${line}`),
      onState: () => {},
      onEnd: ({ name }, how) => this.#keep(`[${name}] has ended (${how})`),
    });
  }

  /** Writes the homes and a repository, starts all nodes and waits until the workers run what is live. */
  static async start(
    size: { readonly workers: number; readonly artifacts: number; readonly commits: number },
    timeoutMs: number,
  ): Promise<BenchCluster> {
    const dir = mkdtempSync(join(tmpdir(), "bascule-bench-deploy-"));
    const { workers } = size;
    const offset = await freeOffset(workers);
    const plan = planCluster({ dir, workers, offset, sample: false });
    const cluster = new BenchCluster(plan);
    try {
      writeClusterFacts(dir, { workers, offset, sample: false });
      writeHomes(plan, false);
      await writeFirstCertificates(plan, systemClock.wallMs(), () => {});
      await registerHomes(plan, () => {});
      await seedRepository(
        join(cluster.node("manager").home, "repository", "depsync", "repository.git"),
        size,
      );
      cluster.#supervisor.start();
      await within(timeoutMs, cluster.#untilReady(), () => `not ready: ${cluster.text}`);
      return cluster;
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** What the nodes have said, the newest lines. */
  get text(): string {
    return this.#lines.slice(-100).join("\n");
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  get workers(): readonly PlannedNode[] {
    return this.plan.nodes.filter(({ role }) => role === "worker");
  }

  /** PEM of the authority that made the manager's certificate. */
  get authority(): string {
    return readFileSync(authorityFile(this.plan.dir), "utf8");
  }

  get password(): string {
    const file = join(this.node("manager").home, "repository/database/initial-admin-password");
    return readFileSync(file, "utf8").trim();
  }

  node(name: string): PlannedNode {
    const node = this.plan.nodes.find((one) => one.name === name);
    if (!node) throw new Error(`no node ${name}`);
    return node;
  }

  /** What the manager has made live. */
  get revision(): string | null {
    return this.#supervisor.statuses.find(({ role }) => role === "manager")?.revision ?? null;
  }

  pidOf(name: string): number {
    const pid = this.#supervisor.statuses.find((status) => status.name === name)?.pid;
    if (pid === undefined || pid === null) throw new Error(`${name} does not run`);
    return pid;
  }

  /** Kills a node and waits until its process has gone. */
  async kill(name: string): Promise<void> {
    const again = this.#again.get(name);
    if (again) return endOf(again);
    process.kill(this.pidOf(name), "SIGKILL");
    const isGone = (): boolean =>
      this.#supervisor.statuses.some((status) => status.name === name && status.pid === null);
    while (!isGone()) await pause(10);
  }

  /** Starts a node that was killed. */
  startAgain(name: string): void {
    const [executable, ...args] = ownCommand(PACKAGE_ROOT);
    const child = spawn(executable, [...args, ...this.node(name).args], {
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      detached: true,
    });
    for (const stream of [child.stdout, child.stderr])
      if (stream) createInterface(stream).on("line", (line) => this.#keep(`[${name}] ${line}`));
    this.#again.set(name, child);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#again.values()) await endOf(child);
    await this.#supervisor.stop();
    rmSync(this.plan.dir, { recursive: true, force: true, maxRetries: 5 });
  }

  /** The manager signs what it finds first; all workers run that. */
  async #untilReady(): Promise<void> {
    await this.#supervisor.untilSettled();
    for (;;) {
      const { statuses } = this.#supervisor;
      const failed = statuses.find(({ state }) => state === "failed" || state === "stopped");
      if (failed) throw new Error(`${failed.name} has ended:\n${this.text}`);
      const nodes = statuses.filter(({ role }) => role !== "gateway");
      const isSame = nodes.every((one) => one.revision !== null && one.revision === this.revision);
      if (isSame && statuses.every(({ state }) => state === "active")) return;
      await pause(50);
    }
  }

  #keep(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > LINES_MAX) this.#lines.splice(0, LINES_MAX / 2);
  }
}

async function endOf(child: ChildProcess): Promise<void> {
  const ended = once(child, "close");
  if (child.exitCode === null && child.signalCode === null && child.kill("SIGKILL")) await ended;
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}

/** @throws Error with the text when the work takes longer. */
export async function within<Result>(
  ms: number,
  work: Promise<Result>,
  text: () => string,
): Promise<Result> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`after ${ms} ms: ${text()}`)), ms);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function freeOffset(workers: number): Promise<number> {
  const steps = (OFFSETS.last - OFFSETS.first) / OFFSETS.step;
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const offset = OFFSETS.first + Math.floor(Math.random() * steps) * OFFSETS.step;
    const { nodes } = planCluster({ dir: "/unused", workers, offset, sample: false });
    if ((await busyPortsText(nodes.flatMap(({ ports }) => ports))) === "") return offset;
  }
  throw new Error("no free range of ports found in 50 tries");
}
