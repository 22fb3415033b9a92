/** Binding of listening sockets: a taken port becomes an error that says what to do. For every listener of a node. */
import type { AddressInfo, Server } from "node:net";
import { AppError, systemCodeOf } from "../errors/app-error.ts";

/** Binds a server. @throws AppError PORT_BUSY with the address, or the system's error. */
export async function listen(server: Server, port: number, host: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen({ port, host }, resolve);
  try {
    await promise;
  } catch (cause) {
    if (systemCodeOf(cause) !== "EADDRINUSE") throw cause;
    const sentence = `port ${port} on ${host} is taken by another process; change the port offset (-DportOffset=N or Ports/Offset in carbon.xml)`;
    throw new AppError("PORT_BUSY", sentence, { side: "config", cause });
  } finally {
    server.off("error", reject);
  }
}

/** The port that a listening server has. */
export function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  return typeof address === "object" && address ? address.port : 0;
}
