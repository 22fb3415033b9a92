/**
 * One member with a replicated map, as a process of its own for `maps.ts`, which tells it over IPC what to do. Arguments: the
 * port of a well-known member, 0 for none. What it reports is in `MapReport`.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { startCluster } from "../../src/cluster/start-cluster.ts";
import { createLog } from "../../src/observability/log.ts";
import { systemClock } from "../../src/runtime/clock.ts";

/** What the bench asks for. */
export type MapOrder =
  /** Writes so many entries as a session table has them. */
  | { readonly kind: "fill"; readonly entries: number }
  /** Reports when the map has so many entries. */
  | { readonly kind: "await"; readonly entries: number }
  | { readonly kind: "write"; readonly key: string };

export interface MapReport {
  readonly kind: "ready" | "filled" | "whole" | "seen";
  readonly port: number;
  readonly key: string;
  /** Wall time of the machine, in milliseconds with fractions. */
  readonly atMs: number;
  /** CPU time of the process so far. */
  readonly cpuMs: number;
  /** Resident memory after a collection of garbage. */
  readonly megabytes: number;
  /** Longest stretch without a turn of the event loop since the start, in milliseconds. */
  readonly stallMs: number;
}

const HOST = "127.0.0.1";
const TTL_MS = 3_600_000;
const PEERS = 4;
/** Entries that are written at once before others get their turn. */
const BURST = 2_000;
const LOOK_MS = 5;

const stalls = monitorEventLoopDelay({ resolution: 5 });
const wellKnown = Number(process.argv[2]);
const cluster = await startCluster({
  provider: "embedded",
  domain: "bench",
  localMemberHost: HOST,
  localMemberPort: 0,
  members: wellKnown > 0 ? [{ host: HOST, port: wellKnown }] : [],
  groupPassword: "bench",
  self: { role: "gateway", subDomain: "gateway", ports: {}, properties: {} },
  log: createLog({ node: "bench", sinks: [] }),
  clock: systemClock,
});
const map = cluster.map("sessions", { entriesMax: 2_000_000 });
stalls.enable();
map.on("set", (key) => {
  if (key.startsWith("probe")) report("seen", key);
});
process.on("message", (order: MapOrder) => void obey(order));
process.on("disconnect", () => process.exit());
report("ready", "");

async function obey(order: MapOrder): Promise<void> {
  if (order.kind === "write") map.set(order.key, "10.0.0.1:8280", TTL_MS);
  else if (order.kind === "fill") await fill(order.entries);
  else {
    while (map.size < order.entries) await pause(LOOK_MS);
    report("whole", "");
  }
}

async function fill(entries: number): Promise<void> {
  for (let number = 0; number < entries; number += 1) {
    map.set(sessionId(number), `10.0.0.${number % PEERS}:8280`, TTL_MS);
    if (number % BURST === 0) await pause(0);
  }
  report("filled", "");
}

/** 32 hexadecimal digits, as Tomcat's and WSO2's session ids are. */
function sessionId(number: number): string {
  const word = Math.imul(number + 1, 0x9e3779b1) >>> 0;
  return word.toString(16).padStart(8, "0").repeat(3) + number.toString(16).padStart(8, "0");
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}

function report(kind: MapReport["kind"], key: string): void {
  const { user, system } = process.cpuUsage();
  const atMs = performance.timeOrigin + performance.now();
  // What is garbage by now is not the map's.
  if (kind !== "seen") globalThis.gc?.();
  const said: MapReport = {
    kind,
    key,
    port: cluster.self.port,
    atMs,
    cpuMs: (user + system) / 1000,
    megabytes: process.memoryUsage().rss / 1e6,
    stallMs: stalls.max / 1e6,
  };
  process.send?.(said);
}
