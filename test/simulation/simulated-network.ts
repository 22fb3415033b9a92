/**
 * A bad network in memory for simulations: loses, delays (and so reorders) and repeats datagrams by a seed,
 * falls apart into sides and heals. Travels on the simulation's clock.
 */
import {
  type Address,
  type BindTransport,
  type DatagramHandler,
  formatAddress,
} from "../../src/cluster/mesh/transport.ts";
import type { Clock } from "../../src/runtime/clock.ts";
import type { SeededRandom } from "./seeded-random.ts";

/** What happens to datagrams: shares from 0 to 1, and the longest delay in milliseconds. */
export interface Weather {
  readonly loss: number;
  readonly repetition: number;
  readonly delayMsMax: number;
}

export const CALM: Weather = { loss: 0, repetition: 0, delayMsMax: 2 };

const DELAY_MS_MIN = 1;

export class SimulatedNetwork {
  weather: Weather = CALM;
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  readonly #bound = new Map<string, DatagramHandler | undefined>();
  /** Address → side; only equal sides hear each other. Empty: all do. */
  #sides: ReadonlyMap<string, number> = new Map();

  constructor(clock: Clock, random: SeededRandom) {
    this.#clock = clock;
    this.#random = random;
  }

  readonly bind: BindTransport = (own) => {
    const key = formatAddress(own);
    if (this.#bound.has(key)) {
      return Promise.reject(Object.assign(new Error("address in use"), { code: "EADDRINUSE" }));
    }
    this.#bound.set(key, undefined);
    return Promise.resolve({
      port: own.port,
      send: (datagram: Buffer, to: Address) => this.#send(own, datagram, to),
      receive: (handler: DatagramHandler) => void this.#bound.set(key, handler),
      close: () => {
        this.#bound.delete(key);
        return Promise.resolve();
      },
    });
  };

  /** The holder of the address is gone without a word; what it still sends is lost. */
  crash(address: Address): void {
    this.#bound.delete(formatAddress(address));
  }

  /** Members of different lists do not hear each other any more; who is in none hears nobody. */
  split(sides: readonly (readonly Address[])[]): void {
    this.#sides = new Map(
      sides.flatMap((side, number) => side.map((address) => [formatAddress(address), number])),
    );
  }

  heal(): void {
    this.#sides = new Map();
  }

  #send(from: Address, datagram: Buffer, to: Address): void {
    const [fromKey, toKey] = [formatAddress(from), formatAddress(to)];
    if (!this.#bound.has(fromKey)) return;
    if (this.#sides.size > 0 && this.#sides.get(fromKey) !== this.#sides.get(toKey)) return;
    const { loss, repetition, delayMsMax } = this.weather;
    const copies = this.#random.happens(repetition) ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      if (this.#random.happens(loss)) continue;
      const delayMs = this.#random.whole(DELAY_MS_MIN, delayMsMax);
      this.#clock.after(delayMs, () => this.#bound.get(toKey)?.(datagram, from));
    }
  }
}
