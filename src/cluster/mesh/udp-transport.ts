/**
 * The mesh's transport over UDP (node:dgram). Names are resolved by the system's resolver and the
 * answer is kept for a while: a heartbeat four times a second must not ask the name server each time.
 */
import { type Socket, createSocket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { Log } from "../../observability/log.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Address, BindTransport, DatagramHandler, Transport } from "./transport.ts";

/** A resolved name is used so long. Larger: a member that moves to another address is found later. */
const RESOLVED_MS = 15_000;
/** Names remembered at most; all are forgotten when there are more. */
const RESOLVED_MAX = 256;

interface Resolved {
  readonly ip: Promise<string | undefined>;
  readonly untilMs: number;
}

class UdpTransport implements Transport {
  readonly port: number;
  readonly #socket: Socket;
  readonly #family: 4 | 6;
  readonly #clock: Clock;
  readonly #resolved = new Map<string, Resolved>();
  #closed = false;

  constructor(socket: Socket, family: 4 | 6, clock: Clock) {
    this.port = socket.address().port;
    this.#socket = socket;
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

  async close(): Promise<void> {
    this.#closed = true;
    const { promise, resolve } = Promise.withResolvers<void>();
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

/** Makes the function that binds UDP sockets. Errors of a bound socket go to `log`. */
export function udpBinder(clock: Clock, log: Log): BindTransport {
  return async ({ host, port }) => {
    const { address, family } = await lookup(host);
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
    socket.on("error", (error) => log.warn(`the cluster socket failed: ${error.message}`));
    return new UdpTransport(socket, family === 6 ? 6 : 4, clock);
  };
}
