/** Finds out which of the planned ports are taken, and names them with the role that wants them. */
import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import { AppError, systemCodeOf } from "../../errors/app-error.ts";
import {
  type ClusterPlan,
  LOOPBACK,
  OFFSET_MAX,
  OFFSET_STEP,
  type PlannedPort,
} from "./cluster-plan.ts";

/**
 * Before a new cluster's files are written.
 * @param planWith the same plan with another offset, to find one whose ports are free.
 * @throws AppError PORT_BUSY naming every taken port, its role and the flag that changes them.
 */
export async function checkPorts(
  plan: ClusterPlan,
  planWith: (offset: number) => ClusterPlan,
): Promise<void> {
  const busy = await busyPortsText(portsOf(plan));
  if (busy === "") return;
  const offset = await freeOffset(plan.offset, planWith);
  const advice = `stop that process, or add a number to every port: --offset ${offset}`;
  throw new AppError("PORT_BUSY", `${busy}\n${advice}`, { side: "config" });
}

/** One line for each port that is taken; "" when all are free. */
export async function busyPortsText(ports: readonly PlannedPort[]): Promise<string> {
  const busy = await busyPorts(ports);
  return busy
    .map(({ port, purpose }) => `port ${port} (${purpose}) is taken by another process`)
    .join("\n");
}

function portsOf(plan: ClusterPlan): readonly PlannedPort[] {
  return plan.nodes.flatMap((node) => node.ports);
}

async function busyPorts(ports: readonly PlannedPort[]): Promise<readonly PlannedPort[]> {
  const checked = await Promise.all(
    ports.map(async (planned) => ((await isTaken(planned)) ? planned : undefined)),
  );
  return checked.filter((planned) => planned !== undefined);
}

/** The next offset whose ports are all free, or simply the next one when none of twenty is. */
async function freeOffset(
  from: number,
  planWith: (offset: number) => ClusterPlan,
): Promise<number> {
  for (let step = 1; step <= 20; step += 1) {
    const offset = (from + step * OFFSET_STEP) % OFFSET_MAX;
    if ((await busyPorts(portsOf(planWith(offset)))).length === 0) return offset;
  }
  return from + OFFSET_STEP;
}

function isTaken({ port, protocol }: PlannedPort): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const onError = (error: unknown): void => {
    const code = systemCodeOf(error);
    if (code === "EADDRINUSE" || code === "EACCES") resolve(true);
    else reject(error instanceof Error ? error : new Error(String(error)));
  };
  if (protocol === "udp") {
    const socket = createSocket("udp4");
    socket.once("error", onError);
    socket.bind({ port, address: LOOPBACK, exclusive: true }, () => {
      socket.close(() => resolve(false));
    });
  } else {
    const server = createServer();
    server.once("error", onError);
    server.listen({ host: LOOPBACK, port, exclusive: true }, () => {
      server.close(() => resolve(false));
    });
  }
  return promise;
}
