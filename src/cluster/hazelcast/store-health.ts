/**
 * Whether the store can be believed. It is sick while there is no connection, while this node's own writes are not
 * acknowledged or while a read of all entries is not answered (one frozen Hazelcast member does that). Sickness freezes
 * the verdicts about members at once; it is spoken of once, when it has lasted for TROUBLE_MS, and once when it is over.
 */
import type { Log } from "../../observability/log.ts";
import type { Clock, Timer } from "../../runtime/clock.ts";
import { TROUBLE_MS } from "./hazelcast-timing.ts";

/** What may be wrong; each is mended by its own opposite. */
export type Ailment = "unconnected" | "unwritten" | "unread";

export interface StoreHealthOptions {
  readonly clusterName: string;
  /** Where the cluster is looked for, for people. */
  readonly places: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Called when the store can be believed again, before anything is said. */
  readonly onRecovered: () => void;
  /** Called with each change of `trouble`. */
  readonly onTrouble: (trouble: string | undefined) => void;
}

export class StoreHealth {
  readonly #options: StoreHealthOptions;
  readonly #ailments = new Set<Ailment>(["unconnected"]);
  #isRefused = false;
  #timer: Timer | undefined;
  #trouble: string | undefined;

  constructor(options: StoreHealthOptions) {
    this.#options = options;
    this.#watch();
  }

  get isSick(): boolean {
    return this.#ailments.size > 0;
  }

  has(ailment: Ailment): boolean {
    return this.#ailments.has(ailment);
  }

  /** The sentence for people; undefined while all is well or a pause is short. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** A cluster that answers refuses this node. Holds until there is a connection. */
  refused(): void {
    if (this.#isRefused || !this.#ailments.has("unconnected")) return;
    this.#isRefused = true;
    if (this.#trouble !== undefined) this.#say();
  }

  ail(ailment: Ailment): void {
    const wasSick = this.isSick;
    this.#ailments.add(ailment);
    if (!wasSick) this.#watch();
  }

  mend(ailment: Ailment): void {
    if (!this.#ailments.delete(ailment)) return;
    if (ailment === "unconnected") this.#isRefused = false;
    if (this.isSick) return;
    this.#timer?.cancel();
    this.#options.onRecovered();
    if (this.#trouble === undefined) return;
    this.#trouble = undefined;
    const { clusterName, log, onTrouble } = this.#options;
    log.info(`the Hazelcast cluster "${clusterName}" answers again: membership is up to date`);
    onTrouble(undefined);
  }

  close(): void {
    this.#timer?.cancel();
  }

  #watch(): void {
    this.#timer?.cancel();
    this.#timer = this.#options.clock.after(TROUBLE_MS, () => this.#say());
  }

  #say(): void {
    const sentence = `${this.#cause()}; this node goes on with the members that it knew last, and tries on`;
    if (sentence === this.#trouble) return;
    this.#trouble = sentence;
    this.#options.log.warn(sentence);
    this.#options.onTrouble(sentence);
  }

  #cause(): string {
    const { clusterName, places } = this.#options;
    if (this.#isRefused)
      return `the Hazelcast cluster at ${places} refuses this node: its name is not "${clusterName}" (the domain in axis2.xml), or it wants credentials`;
    if (this.#ailments.has("unconnected"))
      return `no Hazelcast member of the cluster "${clusterName}" answers at ${places}`;
    return `the Hazelcast cluster "${clusterName}" does not answer (a member of it stands still or is cut off)`;
  }
}
