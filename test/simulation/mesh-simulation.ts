/**
 * Members of the embedded provider on a simulated network and a clock that only the simulation moves: hours take
 * seconds, and a seed repeats a run to the last datagram. Keeps for each member what it reported, and when.
 */
import type { Cluster, LeaveReason, Member } from "../../src/cluster/cluster.ts";
import { startMesh } from "../../src/cluster/mesh/start-mesh.ts";
import type { Address } from "../../src/cluster/mesh/transport.ts";
import { FakeClock } from "../helpers/fake-clock.ts";
import { MemoryLog } from "../helpers/memory-log.ts";
import { SeededRandom } from "./seeded-random.ts";
import { SimulatedNetwork } from "./simulated-network.ts";

const HOST = "10.0.0.1";
const FIRST_PORT = 4100;
/** Members list the first two, as configurations do. */
const WELL_KNOWN: readonly Address[] = [0, 1].map((index) => ({
  host: HOST,
  port: FIRST_PORT + index,
}));
const START_STEP_MS = 5;

export interface Report {
  readonly atMs: number;
  readonly id: string;
  readonly reason: LeaveReason;
}

export interface Participant {
  readonly cluster: Cluster;
  readonly left: Report[];
  /** Topics of the messages that came, in their order. */
  readonly topics: string[];
}

export class MeshSimulation {
  readonly clock = new FakeClock();
  readonly random: SeededRandom;
  readonly network: SimulatedNetwork;
  readonly #live = new Set<Participant>();
  #made = 0;
  #ids = 0;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
    this.network = new SimulatedNetwork(this.clock, this.random);
  }

  get nowMs(): number {
    return this.clock.monotonicMs();
  }

  /** The members that were started and neither crashed nor left. */
  get live(): readonly Participant[] {
    return [...this.#live];
  }

  /** Starts members one after the other, each a random moment after the last, and lets them meet. */
  async start(count: number): Promise<readonly Participant[]> {
    const started: Participant[] = [];
    for (let number = 0; number < count; number += 1) {
      this.pass(this.random.whole(0, 400));
      started.push(await this.#startOne());
    }
    this.pass(2000);
    return started;
  }

  pass(ms: number): void {
    this.clock.advance(ms);
  }

  /** The member is gone from one moment to the next. */
  crash(participant: Participant): void {
    this.network.crash(participant.cluster.self);
    this.#live.delete(participant);
  }

  /** Whether all live members see exactly the live members, and one coordinator. */
  get isAgreed(): boolean {
    const ids = this.live.map(({ cluster }) => cluster.self.id).toSorted();
    const views = this.live.map(({ cluster }) => idsOf(cluster.members()).join());
    const coordinators = new Set(this.live.map(({ cluster }) => cluster.coordinator().id));
    return views.every((view) => view === ids.join()) && coordinators.size === 1;
  }

  /** Lets time pass until all agree, `msMax` at most; the milliseconds that it took, or undefined. */
  untilAgreed(msMax: number): number | undefined {
    const startMs = this.nowMs;
    while (this.nowMs - startMs <= msMax) {
      if (this.isAgreed) return this.nowMs - startMs;
      this.pass(10);
    }
    return undefined;
  }

  async #startOne(): Promise<Participant> {
    const starting = startMesh({
      domain: "simulation",
      local: { host: HOST, port: FIRST_PORT + this.#made++ },
      wellKnown: WELL_KNOWN,
      groupKey: Buffer.alloc(32, "simulation"),
      self: { role: "worker", subDomain: "worker", ports: {}, properties: {} },
      bind: this.network.bind,
      log: new MemoryLog(),
      clock: this.clock,
      newId: () => this.#newId(),
    });
    const state = { isOver: false };
    const watched = starting.finally(() => (state.isOver = true));
    watched.catch(() => {});
    while (!state.isOver) await this.clock.advanceAsync(START_STEP_MS, START_STEP_MS);
    return this.#watch(await watched);
  }

  #watch(cluster: Cluster): Participant {
    const participant: Participant = { cluster, left: [], topics: [] };
    cluster.on("left", ({ id }, reason) => participant.left.push({ atMs: this.nowMs, id, reason }));
    cluster.on("message", ({ topic }) => participant.topics.push(topic));
    this.#live.add(participant);
    return participant;
  }

  /** UUIDs in a row: real ones would make runs with one seed differ. */
  #newId(): string {
    this.#ids += 1;
    return `00000000-0000-4000-8000-${this.#ids.toString(16).padStart(12, "0")}`;
  }
}

function idsOf(members: readonly Member[]): readonly string[] {
  return members.map(({ id }) => id).toSorted();
}
