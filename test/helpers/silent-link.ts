/** A TCP relay that can fall silent: connections stay open and nothing goes through any more, as behind a broken network. */
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

export interface SilentLink {
  readonly port: number;
  /** Connections that are open now carry nothing more; new ones do. */
  silence(): void;
  close(): Promise<void>;
}

export async function startSilentLink(target: number): Promise<SilentLink> {
  const sockets = new Set<Socket>();
  const silent = new WeakSet<Socket>();
  const relay = (from: Socket, to: Socket): void => {
    sockets.add(from);
    from.on("data", (chunk) => void (silent.has(from) || to.write(chunk)));
    from.on("error", () => to.destroy());
    from.on("close", () => {
      sockets.delete(from);
      to.destroy();
    });
  };
  const server = createServer((client) => {
    const upstream = connect(target, "127.0.0.1");
    relay(client, upstream);
    relay(upstream, client);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    silence: () => {
      for (const socket of sockets) silent.add(socket);
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => void server.close(() => resolve()));
    },
  };
}
