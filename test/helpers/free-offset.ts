/** An offset for a cluster under test whose ports are all free, away from the default ones. */
import { OFFSET_STEP, planCluster } from "../../src/cli/up/cluster-plan.ts";
import { busyPortsText } from "../../src/cli/up/port-check.ts";

/** Below the ephemeral range of Linux (32768 on), so that no outgoing connection takes one meanwhile. */
const FIRST = 1_000;
const LAST = 20_000;

export async function freeOffset(workers: number): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const steps = Math.floor(Math.random() * ((LAST - FIRST) / OFFSET_STEP));
    const offset = FIRST + steps * OFFSET_STEP;
    const plan = planCluster({ dir: "/unused", workers, offset, sample: true });
    if ((await busyPortsText(plan.nodes.flatMap((node) => node.ports))) === "") return offset;
  }
  throw new Error("no free range of ports found in 50 tries");
}
