/**
 * Takes the cluster port of this node, which tells nodes of one machine apart and is the port of the Hazelcast member
 * that the node starts, if it does. A taken port moves on to the next one, as WSO2 does, and says so.
 */
import { createServer, type Server } from "node:net";
import { AppError, messageOf, systemCodeOf } from "../../errors/app-error.ts";
import type { Log } from "../../observability/log.ts";
import type { Closable } from "../../runtime/lifecycle.ts";
import { type Address, formatAddress } from "../member-address.ts";
import { PORT_TRIES_MAX } from "./hazelcast-timing.ts";

export interface MemberPort extends Closable {
  readonly port: number;
}

/**
 * Holds the first free TCP port from `address.port` on; 0 takes any. Whoever connects is turned away.
 * @throws AppError CLUSTER_START.
 */
export async function takeMemberPort(address: Address, log: Log): Promise<MemberPort> {
  const { host, port: first } = address;
  const last = Math.min(first + PORT_TRIES_MAX - 1, 65_535);
  for (let port = first; port <= last; port += 1) {
    const server = await tryListen({ host, port });
    if (!server) continue;
    const bound = server.address();
    const taken = typeof bound === "object" && bound ? bound.port : port;
    if (first !== 0 && port !== first)
      log.warn(
        `localMemberPort ${first} is taken, using ${port}: members that list ${formatAddress(address)} reach whoever has that port`,
      );
    return { port: taken, close: () => closeServer(server) };
  }
  throw new AppError(
    "CLUSTER_START",
    `all TCP ports from ${first} to ${last} on ${host} are taken: set another localMemberPort in axis2.xml`,
    { side: "config" },
  );
}

/** Undefined: the port is taken. */
async function tryListen({ host, port }: Address): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy());
  const { promise, resolve, reject } = Promise.withResolvers<Server>();
  server.once("error", reject);
  server.listen({ host, port, exclusive: true }, () => resolve(server));
  try {
    return await promise;
  } catch (error) {
    if (systemCodeOf(error) === "EADDRINUSE") return undefined;
    throw new AppError(
      "CLUSTER_START",
      `the cluster port ${formatAddress({ host, port })} cannot be bound (${messageOf(error)}): localMemberHost must be an address of this machine`,
      { side: "config", cause: error },
    );
  }
}

async function closeServer(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  await promise;
}
