/** The address of this machine that other nodes can most likely reach, and what counts as loopback. */
import { networkInterfaces } from "node:os";

/** The first IPv4 address that is not internal, else 127.0.0.1. WSO2 takes "own first IP" likewise. */
export function firstLocalAddress(): string {
  for (const addresses of Object.values(networkInterfaces()))
    for (const { family, internal, address } of addresses ?? [])
      if (family === "IPv4" && !internal) return address;
  return "127.0.0.1";
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}
