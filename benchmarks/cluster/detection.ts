/**
 * The part "detection" of `npm run bench:cluster`: membership of real processes on this machine. Times until all others have reported a member left after
 * kill -9 and after SIGSTOP, until it is back after SIGCONT, and false alarms while every CPU is busy. Nodes that get no processor time are patient
 * with one another (Lifeguard), so the promise of a quiet machine is judged on a quiet machine only.
 * NODES (default 20), ROUNDS (default 10) and LOAD_SECONDS (default 30) set the size. Exit status 1: a promise is broken.
 */
import { type ChildProcess, fork, spawn } from "node:child_process";
import { join } from "node:path";
import { availableParallelism, loadavg } from "node:os";
import { sleep, systemClock } from "../../src/runtime/clock.ts";
import { quantile, report } from "./figure.ts";
import type { Told } from "./member-node.ts";

const NODES = Number(process.env["NODES"] ?? 20);
const ROUNDS = Number(process.env["ROUNDS"] ?? 10);
const LOAD_SECONDS = Number(process.env["LOAD_SECONDS"] ?? 30);
const FIRST_PORT = Number(process.env["FIRST_PORT"] ?? 42_100);
const PATIENCE_MS = 30_000;
const KNOWN_MS_MAX = 3_000;
/**
 * On a busy machine: a probe of an ailing node lasts (pingTimeout + pingReqTimeout) * (1 + HEALTH_MAX) = 1.6 s, and GRACES_MAX times begins anew;
 * then the suspicion, 2 s among 20 nodes.
 */
const KNOWN_BUSY_MS_MAX = 10_000;
/** The machine's load before the bench, per processor, from which on it is not quiet. */
const QUIET_LOAD_MAX = 0.75;
const isQuiet = (loadavg()[0] ?? 0) / availableParallelism() <= QUIET_LOAD_MAX;

interface Node {
  readonly child: ChildProcess;
  readonly port: number;
  id: string;
  members: number;
  /** When it reported whom left. */
  readonly left: Map<string, number>;
}

const nodes: Node[] = [];
await main();

async function main(): Promise<void> {
  try {
    for (let at = 0; at < NODES; at += 1) {
      nodes.push(startNode(FIRST_PORT + at));
      await sleep(systemClock, 200);
    }
    await until("all see each other", () => nodes.every(({ members }) => members === NODES));
    await rounds("kill -9", "SIGKILL");
    await rounds("SIGSTOP", "SIGSTOP");
    await underLoad();
  } finally {
    for (const { child } of nodes) child.kill("SIGKILL");
  }
}

function startNode(port: number): Node {
  const script = join(import.meta.dirname, "member-node.ts");
  const child = fork(script, [String(port), String(FIRST_PORT)]);
  const node: Node = { child, port, id: "", members: 0, left: new Map() };
  child.on("message", (told: Told) => {
    if (told.kind === "ready") node.id = told.id;
    node.members = told.members;
    if (told.kind === "left") node.left.set(told.id, told.atMs);
  });
  return node;
}

/** Ends or stops one node after the other, and reports the milliseconds until the last of the others knew of each. */
async function rounds(name: string, signal: "SIGKILL" | "SIGSTOP"): Promise<void> {
  const lastMs: number[] = [];
  const backMs: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const at = 1 + (round % (NODES - 1));
    const victim = nodes[at];
    if (!victim) break;
    await sleep(systemClock, 200 + 37 * round);
    lastMs.push(await untilKnown(victim, signal));
    const againMs = machineMs();
    if (signal === "SIGSTOP") victim.child.kill("SIGCONT");
    else nodes[at] = startNode(victim.port);
    await until("it is back", () => nodes.every(({ members }) => members === NODES));
    backMs.push(machineMs() - againMs);
    for (const { left } of nodes) left.clear();
  }
  const where = `${name}, ${NODES} nodes${isQuiet ? "" : ", the machine was busy before"}`;
  reportTimes(`${where}: known to all others`, lastMs, isQuiet ? KNOWN_MS_MAX : KNOWN_BUSY_MS_MAX);
  const how = signal === "SIGSTOP" ? "SIGCONT" : "a new start of the process";
  reportTimes(`${where}: back at all others after ${how}`, backMs);
}

/** Milliseconds until the last of the others has reported it left. */
async function untilKnown(victim: Node, signal: "SIGKILL" | "SIGSTOP"): Promise<number> {
  const startMs = machineMs();
  victim.child.kill(signal);
  const others = nodes.filter((node) => node !== victim);
  await until("all know it", () => others.every(({ left }) => left.has(victim.id)));
  return Math.max(...others.map(({ left }) => left.get(victim.id) ?? 0)) - startMs;
}

function reportTimes(what: string, times: readonly number[], limit?: number): void {
  report({ what: `${what}, median`, value: quantile(times, 0.5), unit: "ms" });
  const longest = { what: `${what}, longest of ${times.length}`, value: Math.max(...times) };
  report({ ...longest, unit: "ms", ...(limit === undefined ? {} : { limit }) });
}

/** False alarms, and then a death, while as many processes as there are CPUs do nothing but count. */
async function underLoad(): Promise<void> {
  const burners = Array.from({ length: availableParallelism() }, () =>
    spawn(process.execPath, ["-e", "for (;;) {}"], { stdio: "ignore" }),
  );
  for (const { left } of nodes) left.clear();
  await sleep(systemClock, LOAD_SECONDS * 1000);
  const alarms = nodes.reduce((sum, { left }) => sum + left.size, 0);
  const what = `false alarms, ${NODES} nodes, ${LOAD_SECONDS} s with all ${burners.length} processors busy`;
  report({ what, value: alarms, unit: "", limit: 0 });
  const victim = nodes.at(-1);
  const knownMs = victim && alarms === 0 ? await untilKnown(victim, "SIGKILL") : Number.NaN;
  for (const burner of burners) burner.kill("SIGKILL");
  report({
    what: `kill -9, ${NODES} nodes, all processors busy: known to all others`,
    value: knownMs,
    unit: "ms",
    limit: KNOWN_BUSY_MS_MAX,
  });
}

async function until(what: string, condition: () => boolean): Promise<void> {
  const endMs = machineMs() + PATIENCE_MS;
  while (!condition()) {
    if (machineMs() > endMs) throw new Error(`${what}: not within ${PATIENCE_MS} ms`);
    await sleep(systemClock, 10);
  }
}

function machineMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}
