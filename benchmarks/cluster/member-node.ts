/**
 * One member of the benchmark in a process of its own. Arguments: its port, the port of the first member. Tells its parent over IPC when it
 * has joined and, with the time on the machine's monotonic clock, of each member that it reports left.
 */
import { startCluster } from "../../src/cluster/start-cluster.ts";
import { createLog } from "../../src/observability/log.ts";
import { systemClock } from "../../src/runtime/clock.ts";

const [ownPort = "0", firstPort = "0"] = process.argv.slice(2);
const host = "127.0.0.1";
const cluster = await startCluster({
  provider: "embedded",
  domain: "bench",
  localMemberHost: host,
  localMemberPort: Number(ownPort),
  members: [{ host, port: Number(firstPort) }],
  groupPassword: "bench",
  self: { role: "worker", subDomain: "worker", ports: {}, properties: {} },
  log: createLog({ node: ownPort, sinks: [] }),
  clock: systemClock,
});
cluster.update({ state: "active" });

export interface Told {
  readonly kind: "ready" | "joined" | "left";
  readonly id: string;
  readonly members: number;
  /** CLOCK_MONOTONIC, which all processes of a machine share. */
  readonly atMs: number;
}

const tell = (kind: Told["kind"], id: string): void => {
  const told: Told = { kind, id, members: cluster.members().length, atMs: machineMs() };
  process.send?.(told);
};
cluster.on("joined", ({ id }) => tell("joined", id));
cluster.on("left", ({ id }) => tell("left", id));
tell("ready", cluster.self.id);
process.on("disconnect", () => process.exit(0));

function machineMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}
