/**
 * An offset for a cluster under test whose ports are all free, away from the default ones. Test files run as
 * processes beside one another and two offsets can share ports (a port of one role is another role's with
 * another offset), so every port is claimed first, until the test's process ends.
 */
import { createServer, type Server } from "node:net";
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
    const ports = plan.nodes.flatMap((node) => node.ports);
    if ((await claim(ports.map(({ port }) => port))) && (await busyPortsText(ports)) === "") {
      return offset;
    }
  }
  throw new Error("no free range of ports found in 50 tries");
}

/** All of the ports or none. */
async function claim(ports: readonly number[]): Promise<boolean> {
  const claims = await Promise.all([...new Set(ports)].map(claimOne));
  if (claims.every((server) => server !== undefined)) return true;
  for (const server of claims) server?.close();
  return false;
}

/** A socket in Linux's abstract namespace: it needs no file, and goes with the process. */
function claimOne(port: number): Promise<Server | undefined> {
  const { promise, resolve } = Promise.withResolvers<Server | undefined>();
  const server = createServer().unref();
  server.once("error", () => resolve(undefined));
  server.listen(`\0bascule-test-port-${port}`, () => resolve(server));
  return promise;
}
