/** Opens connections that do nothing and tells what memory the proxy took for them. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { NODE } from "../machine.ts";
import { usageOf } from "../process-usage.ts";
import type { Sample } from "../sample.ts";
import type { Workplace } from "../workplace.ts";

const OPEN_MS_MAX = 60_000;
const SETTLE_MS = 2_000;

export interface IdleRun {
  readonly port: number;
  readonly connections: number;
  /** Process of the proxy. */
  readonly pid: number;
}

/** Each connection has had one answer before it is left idle. Ends with all of them closed. */
export async function measureIdle(
  { processes, cpus, folder }: Workplace,
  { port, connections, pid }: IdleRun,
): Promise<Sample> {
  await sleep(SETTLE_MS);
  const before = usageOf(pid);
  const started = performance.now();
  const client = processes.start({
    name: "the client of idle connections",
    cpu: cpus.load,
    command: [
      NODE,
      join(import.meta.dirname, "..", "programs", "idle-client.ts"),
      String(port),
      String(connections),
    ],
    logFile: join(folder, "idle.log"),
  });
  while (client.running && !client.output.includes("OPEN") && !isLate(started)) await sleep(20);
  const seconds = (performance.now() - started) / 1000;
  await sleep(SETTLE_MS);
  const after = usageOf(pid);
  const good = client.running && client.output.trim() === `OPEN ${connections}`;
  await client.stop();
  return {
    done: connections,
    seconds,
    p50Ms: Number.NaN,
    p99Ms: Number.NaN,
    cpuSeconds: after.cpuSeconds - before.cpuSeconds,
    rssBytes: after.rssBytes,
    bytesPerConnection: (after.rssBytes - before.rssBytes) / connections,
    faults: good ? [] : [`not all connections stayed open: ${client.output.trim().slice(-300)}`],
  };
}

function isLate(started: number): boolean {
  return performance.now() - started > OPEN_MS_MAX;
}
