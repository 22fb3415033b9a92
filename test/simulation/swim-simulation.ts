/**
 * Members of the embedded provider on a simulated network and a clock that only the simulation moves: the very `SwimCluster` of
 * production, with packets handed over unsealed. Loses, delays, repeats; splits, crashes and pauses; a seed repeats a run
 * to the last packet. Keeps for each member what it reported, and when.
 */
import type { LeaveReason } from "../../src/cluster/cluster.ts";
import { type Address, formatAddress } from "../../src/cluster/member-address.ts";
import type { Claim } from "../../src/cluster/swim/claim.ts";
import { Complaints } from "../../src/cluster/swim/complaints.ts";
import type { Packet, SwimPort } from "../../src/cluster/swim/packet.ts";
import { SwimCluster } from "../../src/cluster/swim/swim-cluster.ts";
import { DEFAULT_TIMING } from "../../src/cluster/swim/swim-timing.ts";
import type { Log } from "../../src/observability/log.ts";
import type { Clock, Timer } from "../../src/runtime/clock.ts";
import { SeededRandom } from "./seeded-random.ts";
import { SimulationClock } from "./simulation-clock.ts";

const HOST = "10.0.0.1";
const FIRST_PORT = 4100;
/** Members list the first two, as configurations do. */
const WELL_KNOWN: readonly Address[] = [0, 1].map((index) => ({
  host: HOST,
  port: FIRST_PORT + index,
}));
/** Packets that the system keeps for a paused process, about. */
const BACKLOG_MAX = 200;

/** What happens to packets: shares from 0 to 1, and the longest delay in milliseconds. */
export interface Weather {
  readonly loss: number;
  readonly repetition: number;
  readonly delayMsMax: number;
}

export const CALM: Weather = { loss: 0, repetition: 0, delayMsMax: 2 };
export const LOSSY: Weather = { loss: 0.05, repetition: 0.02, delayMsMax: 40 };

const NO_LOG: Log = {
  trace: () => {},
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  fatal: () => {},
  child: () => NO_LOG,
};

export interface Report {
  readonly atMs: number;
  readonly id: string;
  readonly reason: LeaveReason;
}

export class Participant {
  readonly cluster: SwimCluster;
  readonly address: string;
  readonly left: Report[] = [];
  /** Topics of the messages that came, in their order. */
  readonly topics: string[] = [];
  sent = 0;
  side = 0;
  isCrashed = false;
  /** Calls that wait while the process is paused. */
  backlog: (() => void)[] | undefined;

  constructor(cluster: SwimCluster, address: string) {
    this.cluster = cluster;
    this.address = address;
  }

  get id(): string {
    return this.cluster.self.id;
  }
}

export class SwimSimulation {
  readonly clock = new SimulationClock();
  readonly random: SeededRandom;
  weather: Weather = CALM;
  readonly #at = new Map<string, Participant>();
  #made = 0;
  #ids = 0;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
  }

  get nowMs(): number {
    return this.clock.monotonicMs();
  }

  /** The members that were started and neither crashed nor left; paused ones among them. */
  get live(): readonly Participant[] {
    return [...this.#at.values()];
  }

  /** Starts members one after the other, each a random moment after the last, and lets them meet. */
  async start(count: number, apartMsMax = 400): Promise<readonly Participant[]> {
    const started: Participant[] = [];
    for (let number = 0; number < count; number += 1) {
      await this.clock.advanceAsync(this.random.whole(1, apartMsMax), apartMsMax);
      started.push(this.#startOne());
    }
    await this.untilAgreed(5000);
    return started;
  }

  pass(ms: number): void {
    this.clock.advance(ms);
  }

  /** As `pass`, with state exchanges, which need promises to run, in steps of 20 ms. */
  async passAsync(ms: number): Promise<void> {
    await this.clock.advanceAsync(ms, 20);
  }

  /** The member is gone from one moment to the next. */
  crash(participant: Participant): void {
    participant.isCrashed = true;
    this.#at.delete(participant.address);
  }

  /** The process stands still until `resume`: no timer fires, packets wait. */
  pause(participant: Participant): void {
    participant.backlog ??= [];
  }

  /** Goes on as node does after SIGCONT: timers first, then what the system has kept. */
  resume(participant: Participant): void {
    const calls = participant.backlog ?? [];
    participant.backlog = undefined;
    for (const call of calls) call();
  }

  /** Only members of the same list hear each other. */
  split(sides: readonly (readonly Participant[])[]): void {
    for (const [number, side] of sides.entries()) for (const member of side) member.side = number;
  }

  heal(): void {
    for (const member of this.live) member.side = 0;
  }

  /** Whether all live members see exactly the live members, and one coordinator. */
  get isAgreed(): boolean {
    const { live } = this;
    const ids = live.map(({ id }) => id);
    const [first] = live;
    return live.every(
      ({ cluster }) =>
        cluster.members().length === ids.length &&
        ids.every((id) => id === cluster.self.id || cluster.find(id)) &&
        cluster.coordinator().id === first?.cluster.coordinator().id,
    );
  }

  /** Lets time pass until all agree, `msMax` at most; the milliseconds that it took, or undefined. */
  async untilAgreed(msMax: number): Promise<number | undefined> {
    const startMs = this.nowMs;
    while (this.nowMs - startMs <= msMax) {
      if (this.isAgreed) return this.nowMs - startMs;
      await this.passAsync(20);
    }
    return undefined;
  }

  /** A new process at the address of the member that was started as the `index`th. */
  restart(index: number): Participant {
    return this.#startOne(FIRST_PORT + index);
  }

  #startOne(port = FIRST_PORT + this.#made++): Participant {
    const id = this.#newId();
    const key = formatAddress({ host: HOST, port });
    const holder: { participant?: Participant } = {};
    const clock = this.#clockOf(holder);
    const cluster = new SwimCluster({
      self: {
        id,
        name: key,
        host: HOST,
        port,
        role: "worker",
        domain: "simulation",
        hostNames: {
          name: key,
          hostname: HOST,
          domain: "",
          internalHostname: HOST,
          internalDomain: "",
        },
        subDomain: "worker",
        ports: {},
        properties: {},
        incarnation: 0,
        revision: undefined,
        state: "active",
        startedAtMs: this.clock.wallMs(),
      },
      wellKnown: WELL_KNOWN,
      timing: DEFAULT_TIMING,
      port: this.#portOf(holder, id, { host: HOST, port }),
      complaints: new Complaints(clock, NO_LOG),
      log: NO_LOG,
      clock,
      random: () => this.random.next(),
      newId: () => this.#newId(),
      closePort: () => {
        if (holder.participant) this.#at.delete(key);
        return Promise.resolve();
      },
    });
    return this.#watch(cluster, key, holder);
  }

  #watch(cluster: SwimCluster, key: string, holder: { participant?: Participant }): Participant {
    const participant = new Participant(cluster, key);
    holder.participant = participant;
    this.#at.set(key, participant);
    cluster.on("left", ({ id }, reason) => participant.left.push({ atMs: this.nowMs, id, reason }));
    cluster.on("message", ({ topic }) => participant.topics.push(topic));
    void cluster.start();
    return participant;
  }

  /** Timers of a crashed member do not fire, those of a paused one wait; an interval waits once. */
  #clockOf(holder: { readonly participant?: Participant }): Clock {
    const { clock } = this;
    const guarded = (action: () => void, isInterval: boolean): (() => void) => {
      let isWaiting = false;
      return () => {
        const { participant } = holder;
        if (participant?.isCrashed || isWaiting) return;
        if (!participant?.backlog) {
          action();
          return;
        }
        isWaiting = isInterval;
        // Timers before packets.
        participant.backlog.unshift(() => {
          isWaiting = false;
          action();
        });
      };
    };
    return {
      wallMs: () => clock.wallMs(),
      monotonicMs: () => clock.monotonicMs(),
      after: (delayMs, action) => clock.after(delayMs, guarded(action, false)),
      every: (intervalMs, action): Timer => {
        const timer = clock.every(intervalMs, () => {
          if (holder.participant?.isCrashed) timer.cancel();
          else run();
        });
        const run = guarded(action, true);
        return timer;
      },
    };
  }

  #portOf(holder: { readonly participant?: Participant }, id: string, own: Address): SwimPort {
    return {
      send: (packet, to) => {
        const from = holder.participant;
        if (from) this.#send(from, { id, own, packet }, formatAddress(to));
      },
      exchange: (to, claims) => this.#exchange(holder.participant, id, formatAddress(to), claims),
    };
  }

  #send(
    from: Participant,
    sent: { readonly id: string; readonly own: Address; readonly packet: Packet },
    to: string,
  ): void {
    if (from.isCrashed) return;
    from.sent += 1;
    const { loss, repetition, delayMsMax } = this.weather;
    const copies = repetition > 0 && this.random.happens(repetition) ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      if (loss > 0 && this.random.happens(loss)) continue;
      this.clock.after(this.random.whole(1, delayMsMax), () => {
        const receiver = this.#at.get(to);
        if (!receiver || receiver.side !== from.side) return;
        if ("to" in sent.packet && sent.packet.to !== receiver.id) return;
        const deliver = (): void => receiver.cluster.receive(sent.id, sent.packet, sent.own);
        if (!receiver.backlog) deliver();
        else if (receiver.backlog.length < BACKLOG_MAX) receiver.backlog.push(deliver);
      });
    }
  }

  /** A stream: takes a little longer than a packet and loses nothing while both sides are there. */
  #exchange(
    from: Participant | undefined,
    id: string,
    to: string,
    claims: readonly Claim[],
  ): Promise<readonly Claim[]> {
    const { promise, resolve, reject } = Promise.withResolvers<readonly Claim[]>();
    const later = (action: () => void): void =>
      void this.clock.after(this.random.whole(2, 3 * this.weather.delayMsMax), action);
    const isUp = (): boolean => {
      const other = this.#at.get(to);
      return (
        from !== undefined &&
        !from.isCrashed &&
        other !== undefined &&
        !other.backlog &&
        other.side === from.side
      );
    };
    const fail = (): void => reject(new Error("no answer"));
    later(() => {
      if (!isUp()) {
        this.clock.after(1000, fail);
        return;
      }
      const answer = this.#at.get(to)?.cluster.exchange(id, claims) ?? [];
      later(() => (isUp() ? resolve(answer) : fail()));
    });
    return promise;
  }

  /** UUIDs in a row: real ones would make runs with one seed differ. */
  #newId(): string {
    this.#ids += 1;
    return `00000000-0000-4000-8000-${this.#ids.toString(16).padStart(12, "0")}`;
  }
}
