/**
 * The embedded provider's transport: UDP (node:dgram) and TCP (node:net) on one port. Names are resolved by the system's resolver and the
 * answer is kept for a while: a ping four times a second must not ask the name server each time.
 */
import { type Socket, createSocket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { connect, createServer, isIP, type Server } from "node:net";
import type { Duplex } from "node:stream";
import type { Log } from "../../observability/log.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Address } from "../member-address.ts";
import type { BindTransport, DatagramHandler, Transport } from "./transport.ts";

/** A resolved name is used so long. Larger: a member that moves to another address is found later. */
const RESOLVED_MS = 15_000;
/** Names remembered at most; all are forgotten when there are more. */
const RESOLVED_MAX = 256;
/** Where the system chooses the port, UDP may be taken where TCP was free: so many further choices. */
const CHOICES_MAX = 20;

interface Resolved {
  readonly ip: Promise<string | undefined>;
  readonly untilMs: number;
}

type Family = 4 | 6;

class UdpTransport implements Transport {
  readonly port: number;
  readonly #socket: Socket;
  readonly #server: Server;
  readonly #family: Family;
  readonly #clock: Clock;
  readonly #resolved = new Map<string, Resolved>();
  #closed = false;

  constructor(socket: Socket, server: Server, family: Family, clock: Clock) {
    this.port = socket.address().port;
    this.#socket = socket;
    this.#server = server;
    this.#family = family;
    this.#clock = clock;
  }

  send(datagram: Buffer, to: Address): void {
    if (isIP(to.host) !== 0) this.#sendTo(datagram, to.port, to.host);
    else void this.#resolve(to.host).then((ip) => ip && this.#sendTo(datagram, to.port, ip));
  }

  receive(handler: DatagramHandler): void {
    this.#socket.on("message", (datagram, from) =>
      handler(datagram, { host: from.address, port: from.port }),
    );
  }

  connect(to: Address): Duplex {
    return connect({ host: to.host, port: to.port, family: this.#family, noDelay: true });
  }

  accept(handler: (stream: Duplex, from: Address) => void): void {
    this.#server.removeAllListeners("connection");
    this.#server.on("connection", (socket) => {
      handler(socket, { host: socket.remoteAddress ?? "?", port: socket.remotePort ?? 0 });
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close();
    this.#socket.close(() => resolve());
    await promise;
  }

  #sendTo(datagram: Buffer, port: number, ip: string): void {
    if (this.#closed) return;
    // The callback keeps errors (no route, another address family) from reaching the socket's "error".
    this.#socket.send(datagram, port, ip, () => {});
  }

  #resolve(host: string): Promise<string | undefined> {
    const nowMs = this.#clock.monotonicMs();
    const known = this.#resolved.get(host);
    if (known && known.untilMs > nowMs) return known.ip;
    if (this.#resolved.size >= RESOLVED_MAX) this.#resolved.clear();
    const ip = lookup(host, { family: this.#family }).then(
      (answer) => answer.address,
      () => undefined,
    );
    this.#resolved.set(host, { ip, untilMs: nowMs + RESOLVED_MS });
    return ip;
  }
}

/** Makes the function that binds UDP and TCP sockets. Errors of bound sockets go to `log`. */
export function udpBinder(clock: Clock, log: Log): BindTransport {
  return async ({ host, port }) => {
    const { address, family } = await lookup(host);
    const version = family === 6 ? 6 : 4;
    for (let choice = 1; ; choice += 1) {
      const server = await listen(address, port);
      try {
        const socket = await bindUdp(address, portOf(server), version);
        socket.on("error", (error) => log.warn(`the cluster socket failed: ${error.message}`));
        server.on("error", (error) => log.warn(`the cluster port failed: ${error.message}`));
        return new UdpTransport(socket, server, version, clock);
      } catch (error) {
        server.close();
        if (port !== 0 || choice >= CHOICES_MAX) throw error;
      }
    }
  };
}

async function listen(host: string, port: number): Promise<Server> {
  const server = createServer({ noDelay: true });
  // Until somebody accepts streams.
  server.on("connection", (socket) => socket.destroy());
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen({ host, port, exclusive: true }, resolve);
  await promise;
  server.off("error", reject);
  return server;
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address ? address.port : 0;
}

async function bindUdp(address: string, port: number, family: Family): Promise<Socket> {
  const socket = createSocket({ type: family === 6 ? "udp6" : "udp4", reuseAddr: false });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once("error", reject);
  socket.bind({ address, port, exclusive: true }, resolve);
  try {
    await promise;
  } catch (error) {
    socket.close();
    throw error;
  }
  socket.off("error", reject);
  return socket;
}
