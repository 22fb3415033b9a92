/**
 * Binds the cluster port. A taken port moves on to the next one, as WSO2 does, and says so: on one
 * machine several nodes may share a configuration, and nobody should look for the port in vain.
 */
import { AppError, messageOf, systemCodeOf } from "../../errors/app-error.ts";
import type { Log } from "../../observability/log.ts";
import { type Address, formatAddress } from "../member-address.ts";
import { PORT_TRIES_MAX } from "./swim-timing.ts";
import type { BindTransport, Transport } from "./transport.ts";

const WILDCARDS = new Set(["", "0.0.0.0", "::", "*"]);

/**
 * Binds the first free port from `address.port` on, PORT_TRIES_MAX at most, UDP and TCP alike; port 0 takes any. `isStrict`: that one or none.
 * @throws AppError CLUSTER_START when there is none, or when the host is not an address of this machine.
 */
export async function bindMemberPort(
  bind: BindTransport,
  address: Address & { readonly isStrict?: boolean },
  log: Log,
): Promise<Transport> {
  const { host, port: first, isStrict = false } = address;
  if (WILDCARDS.has(host)) {
    throw startError(
      `localMemberHost is "${host}", but it is told to the other members: set the address under which they reach this node`,
    );
  }
  const last = isStrict ? first : Math.min(first + PORT_TRIES_MAX - 1, 65_535);
  for (let port = first; port <= last; port += 1) {
    const transport = await tryBind(bind, { host, port });
    if (!transport) continue;
    if (first !== 0 && port !== first) {
      log.warn(
        `localMemberPort ${first} is taken, using ${port}: members that list ${formatAddress(address)} reach whoever has that port`,
      );
    }
    return transport;
  }
  if (isStrict) {
    throw startError(
      `localMemberPort ${formatAddress(address)} is taken (UDP or TCP), and localMemberPortStrict forbids to move on: stop who has it or set another port in axis2.xml`,
    );
  }
  throw startError(
    `all ports from ${first} to ${last} on ${host} are taken: set another localMemberPort in axis2.xml`,
  );
}

/** Undefined: the port is taken. */
async function tryBind(bind: BindTransport, address: Address): Promise<Transport | undefined> {
  try {
    return await bind(address);
  } catch (error) {
    if (systemCodeOf(error) === "EADDRINUSE") return undefined;
    throw startError(
      `the cluster port ${formatAddress(address)} cannot be bound (${messageOf(error)}): localMemberHost must be an address of this machine`,
      error,
    );
  }
}

function startError(message: string, cause?: unknown): AppError {
  return new AppError("CLUSTER_START", message, { side: "config", cause });
}
