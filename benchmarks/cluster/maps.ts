/**
 * Replicated maps between two processes over the embedded provider: memory of a million entries, the time that a joining
 * member needs to have them all, and how soon a write is seen at the other one. Arguments: the number of entries (default
 * 1,000,000). Exit status 1 when a figure is beyond its limit.
 */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { MapOrder, MapReport } from "./map-member.ts";

const PROBES = 1_000;
const PROBE_GAP_MS = 5;
const LIMITS = { "memory MB": 300, "snapshot ms": 3_000, "delta p99 ms": 100 } as const;
const REPORT_MS_MAX = 120_000;

const entries = Number(process.argv[2] ?? 1_000_000);
const first = startMember(0);
let failed = false;
try {
  const { port, megabytes } = await reported(first, "ready");
  const startMs = now();
  order(first, { kind: "fill", entries });
  const filled = await reported(first, "filled");
  say(`${entries} entries written in ${Math.round(now() - startMs)} ms`);
  judge("memory MB", filled.megabytes - megabytes);
  await measureJoin(port);
} finally {
  first.kill();
}
process.exitCode = failed ? 1 : 0;

async function measureJoin(port: number): Promise<void> {
  const second = startMember(port);
  try {
    const ready = await reported(second, "ready");
    order(second, { kind: "await", entries });
    const whole = await reported(second, "whole");
    judge("snapshot ms", whole.atMs - ready.atMs);
    say(`CPU time of the joined member ${Math.round(whole.cpuMs - ready.cpuMs)} ms`);
    say(`joined member: ${Math.round(whole.megabytes - ready.megabytes)} MB`);
    say(`longest stall there ${Math.round(whole.stallMs)} ms`);
    await measureDeltas(second);
  } finally {
    second.kill();
  }
}

async function measureDeltas(second: ChildProcess): Promise<void> {
  const times: number[] = [];
  for (let probe = 0; probe < PROBES; probe += 1) {
    const key = `probe ${probe}`;
    const seen = reported(second, "seen", key);
    const sentMs = now();
    order(first, { kind: "write", key });
    times.push((await seen).atMs - sentMs);
    await new Promise((resolve) => void setTimeout(resolve, PROBE_GAP_MS));
  }
  times.sort((left, right) => left - right);
  say(`delta p50 ms: ${(times[PROBES / 2] ?? 0).toFixed(1)}`);
  judge("delta p99 ms", times[Math.floor(PROBES * 0.99)] ?? Infinity);
}

function startMember(wellKnown: number): ChildProcess {
  const script = fileURLToPath(new URL("map-member.ts", import.meta.url));
  return fork(script, [String(wellKnown)], { execArgv: ["--expose-gc"] });
}

function order(member: ChildProcess, what: MapOrder): void {
  member.send(what);
}

function reported(
  member: ChildProcess,
  kind: MapReport["kind"],
  key: string = "",
): Promise<MapReport> {
  const { promise, resolve, reject } = Promise.withResolvers<MapReport>();
  const timer = setTimeout(() => reject(new Error(`no report "${kind}"`)), REPORT_MS_MAX);
  const take = (said: MapReport): void => {
    if (said.kind !== kind || said.key !== key) return;
    clearTimeout(timer);
    member.off("message", take);
    resolve(said);
  };
  member.on("message", take);
  return promise;
}

function judge(what: keyof typeof LIMITS, value: number): void {
  const isGood = value <= LIMITS[what];
  failed ||= !isGood;
  say(`${what}: ${value.toFixed(1)} (limit ${LIMITS[what]}) ${isGood ? "ok" : "TOO MUCH"}`);
}

function now(): number {
  return performance.timeOrigin + performance.now();
}

function say(line: string): void {
  console.log(line);
}
