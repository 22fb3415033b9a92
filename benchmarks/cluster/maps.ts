/**
 * The part "maps" of `npm run bench:cluster`: replicated maps between two processes over the embedded provider: memory of a million entries, the time that a joining
 * member needs to have them all, and how soon a write is seen at the other one. Arguments: the number of entries (default
 * 1,000,000). Exit status 1 when a figure is beyond its limit.
 */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { quantile, report } from "./figure.ts";
import type { MapOrder, MapReport } from "./map-member.ts";

const PROBES = 1_000;
const PROBE_GAP_MS = 5;
/** Memory and the time of a snapshot are promised of session tables, which have a store of their own: sessions.ts. */
const LIMITS = { visibleMs: 100 } as const;
const REPORT_MS_MAX = 120_000;

const entries = Number(process.argv[2] ?? 1_000_000);
const first = startMember(0);
try {
  const { port, megabytes } = await reported(first, "ready");
  const startMs = now();
  order(first, { kind: "fill", entries });
  const filled = await reported(first, "filled");
  report({ what: `${entries} map entries written`, value: now() - startMs, unit: "ms" });
  const value = filled.megabytes - megabytes;
  report({ what: "memory of the entries", value, unit: "MB" });
  await measureJoin(port);
} finally {
  first.kill();
}
async function measureJoin(port: number): Promise<void> {
  const second = startMember(port);
  try {
    const ready = await reported(second, "ready");
    order(second, { kind: "await", entries });
    const whole = await reported(second, "whole");
    const wholeMs = whole.atMs - ready.atMs;
    report({
      what: "map: joined until whole",
      value: wholeMs,
      unit: "ms",
    });
    const cpuMs = whole.cpuMs - ready.cpuMs;
    report({ what: "map: processor time of the joined member", value: cpuMs, unit: "ms" });
    const megabytes = whole.megabytes - ready.megabytes;
    report({ what: "map: memory at the joined member", value: megabytes, unit: "MB" });
    report({ what: "map: longest stall there", value: whole.stallMs, unit: "ms" });
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
  report({ what: "map: a write is seen, median", value: quantile(times, 0.5), unit: "ms" });
  const late = { what: "map: a write is seen, p99", value: quantile(times, 0.99) };
  report({ ...late, unit: "ms", limit: LIMITS.visibleMs });
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

function now(): number {
  return performance.timeOrigin + performance.now();
}
