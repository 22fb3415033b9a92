/**
 * A network of datagrams and streams in memory: bindings, latency, loss, repetition and partitions that a test
 * controls. Datagrams travel by the test's clock; chance comes from a seed, so runs repeat.
 */
import { type Duplex, duplexPair } from "node:stream";
import { type Address, formatAddress } from "../../src/cluster/member-address.ts";
import type {
  BindTransport,
  DatagramHandler,
  Transport,
} from "../../src/cluster/swim/transport.ts";
import type { Clock } from "../../src/runtime/clock.ts";

const LATENCY_MS = 1;

export class MemoryNetwork {
  /** Share of datagrams that are lost, 0 to 1. */
  loss = 0;
  /** Share of datagrams that arrive twice. */
  repetition = 0;
  /** Every datagram that was sent, for tests of what goes over the wire. Newest last. */
  readonly sent: { readonly from: string; readonly to: string; readonly datagram: Buffer }[] = [];
  readonly #clock: Clock;
  readonly #bound = new Map<string, DatagramHandler | undefined>();
  readonly #acceptors = new Map<string, (stream: Duplex, from: Address) => void>();
  readonly #streams = new Set<{
    readonly ends: readonly Duplex[];
    readonly keys: readonly string[];
  }>();
  readonly #cut = new Set<string>();
  #seed: number;
  #nextPort = 50_000;

  constructor(clock: Clock, seed = 1) {
    this.#clock = clock;
    this.#seed = seed;
  }

  readonly bind: BindTransport = ({ host, port }) => {
    const own = { host, port: port === 0 ? (this.#nextPort += 1) : port };
    const key = formatAddress(own);
    if (this.#bound.has(key)) {
      return Promise.reject(Object.assign(new Error("address in use"), { code: "EADDRINUSE" }));
    }
    this.#bound.set(key, undefined);
    const transport: Transport = {
      port: own.port,
      send: (datagram, to) => this.#send(own, datagram, to),
      receive: (handler) => void this.#bound.set(key, handler),
      connect: (to) => this.#connect(own, to),
      accept: (handler) => void this.#acceptors.set(key, handler),
      close: () => {
        this.vanish(own);
        return Promise.resolve();
      },
    };
    return Promise.resolve(transport);
  };

  /** The holder of the address vanishes without a word; what it still sends is lost. */
  vanish(address: Address): void {
    this.#bound.delete(formatAddress(address));
    this.#acceptors.delete(formatAddress(address));
    this.#breakStreams(formatAddress(address));
  }

  /** Nothing passes between the address and the others, in both directions, until `join`. */
  cut(address: Address): void {
    this.#cut.add(formatAddress(address));
    this.#breakStreams(formatAddress(address));
  }

  join(address: Address): void {
    this.#cut.delete(formatAddress(address));
  }

  /** Puts a datagram before a receiver, whoever made it. */
  inject(datagram: Buffer, from: Address, to: Address): void {
    this.#bound.get(formatAddress(to))?.(datagram, from);
  }

  #connect(from: Address, to: Address): Duplex {
    const keys = [formatAddress(from), formatAddress(to)];
    const [near, far] = duplexPair();
    const accept = this.#acceptors.get(keys[1] ?? "");
    const isApart = this.#cut.has(keys[0] ?? "") !== this.#cut.has(keys[1] ?? "");
    if (!accept || isApart) {
      near.on("error", () => {});
      near.destroy(new Error("connection refused"));
      return near;
    }
    const stream = { ends: [near, far], keys };
    this.#streams.add(stream);
    // A pair does not close its other end by itself, as sockets do.
    for (const [end, other] of [
      [near, far],
      [far, near],
    ] as const)
      end.once("close", () => {
        this.#streams.delete(stream);
        other.destroy();
      });
    accept(far, from);
    return near;
  }

  #breakStreams(key: string): void {
    for (const { ends, keys } of this.#streams)
      if (keys.includes(key)) for (const end of ends) end.destroy();
  }

  #send(from: Address, datagram: Buffer, to: Address): void {
    const [fromKey, toKey] = [formatAddress(from), formatAddress(to)];
    if (!this.#bound.has(fromKey)) return;
    this.sent.push({ from: fromKey, to: toKey, datagram });
    if (this.#cut.has(fromKey) !== this.#cut.has(toKey)) return;
    if (this.#chance() < this.loss) return;
    const copies = this.#chance() < this.repetition ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      this.#clock.after(LATENCY_MS, () => this.#bound.get(toKey)?.(datagram, from));
    }
  }

  /** A linear congruential generator (the constants of Numerical Recipes). */
  #chance(): number {
    this.#seed = (this.#seed * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return this.#seed / 2 ** 32;
  }
}
