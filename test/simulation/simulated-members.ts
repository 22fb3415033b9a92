/**
 * Members in one process with a membership and a messenger whose faults the test chooses: loss, delay, partitions,
 * crashes and processes that stand still. The membership is ideal but for the time that it takes to notice; what is
 * under test is what stands on it: maps and leases.
 */
import type { Clock } from "../../src/runtime/clock.ts";
import type { ClusterEvents, Member, MemberUpdate, Membership } from "../../src/cluster/cluster.ts";
import { EventRelay } from "../../src/cluster/event-relay.ts";
import type { RegisteredMembers } from "../../src/cluster/lease.ts";
import { byAge } from "../../src/cluster/member-order.ts";
import type { PeerMessenger } from "../../src/cluster/peer-messenger.ts";
import { ReplicatingCluster } from "../../src/cluster/replicating-cluster.ts";
import { MemoryLog } from "../helpers/memory-log.ts";
import { makeMember } from "../helpers/recording-cluster.ts";
import { PausableClock } from "./pausable-clock.ts";
import type { SeededRandom } from "./seeded-random.ts";

export interface Weather {
  /** Share of messages that are lost: half of them with a rejection, half silently. */
  readonly loss: number;
  readonly delayMsMax: number;
}

/** How long members need to notice that one is gone, and that one is there. */
const SILENT_MS = 1_500;
const LOOK_MS = 100;

export class SimulatedMembers {
  weather: Weather = { loss: 0, delayMsMax: 3 };
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly log = new MemoryLog();
  readonly #nodes: SimulatedNode[] = [];
  #side: (node: SimulatedNode) => number = () => 0;
  #made = 0;

  constructor(clock: Clock, random: SeededRandom) {
    this.clock = clock;
    this.random = random;
  }

  /** All that have neither crashed nor closed. */
  get nodes(): readonly SimulatedNode[] {
    return this.#nodes.filter((node) => node.isUp);
  }

  /** Starts a member; the name says which place of the cluster it takes. */
  start(name: string, registered?: RegisteredMembers, wallOffsetMs = 0): SimulatedNode {
    this.#made += 1;
    const id = `00000000-0000-4000-8000-${this.#made.toString(16).padStart(12, "0")}`;
    const self = makeMember({ id, name, role: "worker", startedAtMs: this.#made, state: "active" });
    const node = new SimulatedNode(this, self, { registered, wallOffsetMs });
    this.#nodes.push(node);
    return node;
  }

  node(id: string): SimulatedNode | undefined {
    return this.#nodes.find((node) => node.self.id === id);
  }

  /** Members of different sides do not hear each other any more. */
  split(side: (node: SimulatedNode) => number): void {
    this.#side = side;
  }

  heal(): void {
    this.#side = () => 0;
  }

  areJoined(left: SimulatedNode, right: SimulatedNode): boolean {
    return left.isUp && right.isUp && this.#side(left) === this.#side(right);
  }
}

export class SimulatedNode implements Membership {
  self: Member;
  isUp = true;
  readonly clock: PausableClock;
  readonly cluster: ReplicatingCluster;
  readonly #world: SimulatedMembers;
  readonly #relay: EventRelay;
  readonly #seen = new Map<string, { member: Member; heardMs: number }>();
  readonly #handlers = new Map<string, (from: Member, body: Buffer) => void>();
  readonly #arrivals = new Map<string, number>();

  constructor(
    world: SimulatedMembers,
    self: Member,
    options: { readonly registered: RegisteredMembers; readonly wallOffsetMs: number },
  ) {
    this.#world = world;
    this.self = self;
    this.clock = new PausableClock(world.clock, options.wallOffsetMs);
    this.#relay = new EventRelay(world.log);
    this.clock.every(LOOK_MS, () => this.#look());
    this.cluster = new ReplicatingCluster({
      membership: this,
      messenger: this.#messenger(),
      registered: options.registered,
      clock: this.clock,
      log: world.log,
      random: () => world.random.next(),
    });
  }

  members(): readonly Member[] {
    return [this.self, ...[...this.#seen.values()].map(({ member }) => member)].toSorted(byAge);
  }

  coordinator(): Member {
    return this.members()[0] ?? this.self;
  }

  on<Name extends keyof ClusterEvents>(event: Name, handler: ClusterEvents[Name]): () => void {
    return this.#relay.on(event, handler);
  }

  update(change: MemberUpdate): void {
    this.self = { ...this.self, ...change };
  }

  broadcast(): never {
    throw new Error("messages to all are not simulated here");
  }

  /** Says farewell. */
  close(): Promise<void> {
    for (const other of this.#world.nodes) {
      if (this.#world.areJoined(this, other)) other.clock.run(() => other.#forget(this, "left"));
    }
    this.crash();
    return Promise.resolve();
  }

  crash(): void {
    this.isUp = false;
    this.clock.stop();
  }

  pause(): void {
    this.clock.pause();
  }

  /** The silence was its own: it forgives the others. */
  resume(): void {
    const nowMs = this.clock.monotonicMs();
    for (const seen of this.#seen.values()) seen.heardMs = nowMs;
    this.clock.resume();
  }

  #look(): void {
    const nowMs = this.clock.monotonicMs();
    for (const other of this.#world.nodes) {
      if (other === this || other.clock.isPaused || !this.#world.areJoined(this, other)) continue;
      const known = this.#seen.get(other.self.id);
      this.#seen.set(other.self.id, { member: other.self, heardMs: nowMs });
      if (!known) this.#relay.emit("joined", other.self);
    }
    for (const { member, heardMs } of this.#seen.values()) {
      const node = this.#world.node(member.id);
      if (node && nowMs - heardMs > SILENT_MS) this.#forget(node, "silent");
    }
  }

  #forget({ self }: SimulatedNode, reason: "left" | "silent"): void {
    if (this.#seen.delete(self.id)) this.#relay.emit("left", self, reason);
  }

  #messenger(): PeerMessenger {
    return {
      send: (memberId, channel, body) => this.#send(memberId, channel, body),
      on: (channel, handler) => {
        this.#handlers.set(channel, handler);
        return () => void this.#handlers.delete(channel);
      },
    };
  }

  #send(memberId: string, channel: string, body: Buffer): Promise<void> {
    const { random, weather } = this.#world;
    const to = this.#world.node(memberId);
    if (!this.isUp || !to || !this.#seen.has(memberId)) {
      return Promise.reject(new Error(`member ${memberId} is not reached`));
    }
    if (random.happens(weather.loss)) {
      return random.happens(0.5) ? Promise.resolve() : Promise.reject(new Error("lost"));
    }
    const nowMs = this.clock.monotonicMs();
    const soonestMs = nowMs + random.whole(1, weather.delayMsMax);
    const arrivalMs = Math.max(soonestMs, this.#arrivals.get(memberId) ?? 0);
    this.#arrivals.set(memberId, arrivalMs);
    this.#world.clock.after(arrivalMs - nowMs, () => {
      if (!this.#world.areJoined(this, to)) return;
      to.clock.run(() => to.#handlers.get(channel)?.(this.self, body));
    });
    return Promise.resolve();
  }
}
