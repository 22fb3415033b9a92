/**
 * One gateway's session table in a process of its own, for sessions.ts: membership, a shared zone, and nothing else, so that
 * memory and times are those of the table. Arguments: its port, that of the other one, and that of a Hazelcast member on this machine where
 * membership goes over Hazelcast. Obeys the messages of its parent.
 */
import { startCluster } from "../../src/cluster/start-cluster.ts";
import type { ReplicatedMap } from "../../src/cluster/replicated-map.ts";
import { SharedSessions } from "../../src/gateway/upstream/shared-sessions.ts";
import type { Log } from "../../src/observability/log.ts";
import { systemClock } from "../../src/runtime/clock.ts";

/** Room for a million sessions, as nginx counts. */
const ZONE_BYTES = 128 * 1024 * 1024;
const TIMEOUT_MS = 3_600_000;
/** Sessions that are made between two turns of the event loop. */
const BATCH = 2_000;

export type Order =
  | { readonly kind: "fill"; readonly from: number; readonly count: number }
  | { readonly kind: "probe"; readonly key: string }
  /** Whether arriving probes are to be reported. Nothing listens to a gateway's sessions but this. */
  | { readonly kind: "watch"; readonly on: boolean }
  /** `collect`: after a garbage collection, for figures of memory. */
  | { readonly kind: "look"; readonly collect: boolean };

export type Report =
  | { readonly kind: "ready" }
  | { readonly kind: "filled"; readonly ms: number }
  | { readonly kind: "made"; readonly key: string; readonly atMs: number }
  | { readonly kind: "seen"; readonly key: string; readonly atMs: number }
  | {
      readonly kind: "looked";
      readonly size: number;
      readonly rssBytes: number;
      readonly cpuMs: number;
    };

const [port = "", other = "", hazelcast = ""] = process.argv.slice(2);
const host = "127.0.0.1";
const quiet: Log = {
  trace() {},
  debug() {},
  info() {},
  warn: (sentence) => console.error(`${port}: ${sentence}`),
  error: (sentence) => console.error(`${port}: ${sentence}`),
  fatal: (sentence) => console.error(`${port}: ${sentence}`),
  child: () => quiet,
};
const cluster = await startCluster({
  provider: hazelcast === "" ? "embedded" : "hazelcast",
  hazelcast: { members: [{ host, port: Number(hazelcast) }], command: undefined, folder: "" },
  domain: "bench-sessions",
  localMemberHost: host,
  localMemberPort: Number(port),
  members: [{ host, port: Number(other) }],
  groupPassword: "bench",
  self: { role: "gateway", subDomain: "gateway", ports: {}, properties: {} },
  log: quiet,
  clock: systemClock,
});
let map: ReplicatedMap | undefined;
let unwatch: (() => void) | undefined;
const sessions = new SharedSessions({
  zone: "bench",
  bytes: ZONE_BYTES,
  timeoutMs: TIMEOUT_MS,
  clock: systemClock,
  share(zone, store): ReplicatedMap {
    map = cluster.map(zone, { store, includes: ({ role }) => role === "gateway" });
    return map;
  },
});

process.on("message", (order: Order) => void obey(order));
process.on("disconnect", () => process.exit(0));
tell({ kind: "ready" });

async function obey(order: Order): Promise<void> {
  if (order.kind === "probe") {
    const atMs = machineMs();
    sessions.bind(order.key, server(0), true);
    return tell({ kind: "made", key: order.key, atMs });
  }
  if (order.kind === "watch") return watch(order.on);
  if (order.kind === "fill") return fill(order.from, order.count);
  if (order.collect) globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  const rssBytes = process.memoryUsage().rss;
  tell({ kind: "looked", size: sessions.size, rssBytes, cpuMs: (user + system) / 1000 });
}

function watch(on: boolean): void {
  unwatch?.();
  unwatch = undefined;
  if (!on) return;
  unwatch = map?.on("set", (key) => {
    if (key.startsWith("probe")) tell({ kind: "seen", key, atMs: machineMs() });
  });
}

async function fill(from: number, count: number): Promise<void> {
  const startMs = machineMs();
  for (let index = from; index < from + count; index++) {
    sessions.bind(sessionId(index), server(index), true);
    if (index % BATCH === 0) await new Promise<void>((resolve) => void setImmediate(resolve));
  }
  tell({ kind: "filled", ms: machineMs() - startMs });
}

/** 32 hexadecimal digits, as Tomcat makes them. */
function sessionId(index: number): string {
  return `${index.toString(16).padStart(8, "0")}7f3a9c51e0b2d846aa31bc09`;
}

function server(index: number): string {
  return `${index % 8}`.padStart(32, "a");
}

/** The same clock in all processes of the machine. */
function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

function tell(report: Report): void {
  process.send?.(report);
}
