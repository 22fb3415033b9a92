/**
 * The Hazelcast provider as the port `Cluster`: presence, messages, maps and leases over one store. Made by
 * `start-hazelcast.ts`. Its log lines about members are WSO2's, word for word. While the store is sick the last view stays,
 * and `trouble` says why; everything comes back by itself.
 */
import { AppError } from "../../errors/app-error.ts";
import type { Log } from "../../observability/log.ts";
import { type Clock, sleep } from "../../runtime/clock.ts";
import type {
  Cluster,
  ClusterEvents,
  ClusterMessage,
  LeaveReason,
  Member,
  MemberUpdate,
} from "../cluster.ts";
import { EventRelay } from "../event-relay.ts";
import { Electorate } from "../lease/electorate.ts";
import type { LeaseClaim, LeaseHolder, RegisteredMembers } from "../lease.ts";
import { formatAddress } from "../member-address.ts";
import { byAge } from "../member-order.ts";
import type { ReplicatedMap, ReplicatedMapOptions } from "../replicated-map.ts";
import { Complaints } from "../swim/complaints.ts";
import { checkRecord } from "../swim/record-codec.ts";
import { HazelcastLeases } from "./hazelcast-lease.ts";
import { HazelcastMap } from "./hazelcast-map.ts";
import { HazelcastMessages } from "./hazelcast-messages.ts";
import { MapParts } from "./map-parts.ts";
import { Presence } from "./presence.ts";
import { StoreHealth } from "./store-health.ts";
import type { Store } from "./store.ts";
import type { ValueSeal } from "./value-seal.ts";

export interface HazelcastClusterOptions {
  /** This node's own record. */
  readonly self: Member;
  readonly store: Store;
  readonly seal: ValueSeal;
  /** The name of the Hazelcast cluster, and where it is looked for; for people. */
  readonly clusterName: string;
  readonly places: string;
  /** Prefix of all names in the store. */
  readonly namespace: string;
  readonly registered: RegisteredMembers;
  readonly log: Log;
  readonly clock: Clock;
  readonly newId: () => string;
}

export class HazelcastCluster implements Cluster {
  readonly #options: HazelcastClusterOptions;
  readonly #relay: EventRelay;
  readonly #complaints: Complaints;
  readonly #health: StoreHealth;
  readonly #presence: Presence;
  readonly #messages: HazelcastMessages;
  readonly #electorate: Electorate;
  readonly #leases: HazelcastLeases;
  readonly #maps = new Map<string, HazelcastMap>();
  #self: Member;
  #isCoordinator = false;
  #isReady = false;
  #closing: Promise<void> | undefined;

  /** @throws AppError CLUSTER_LIMIT when the record is too large. */
  constructor(options: HazelcastClusterOptions) {
    const { self, store, namespace, seal, clock, log } = options;
    checkRecord(self);
    this.#options = options;
    this.#self = self;
    this.#relay = new EventRelay(log);
    this.#complaints = new Complaints(clock, log);
    this.#health = new StoreHealth({
      ...options,
      onRecovered: () => this.#recovered(),
      onTrouble: (trouble) => this.#relay.emit("trouble", trouble),
    });
    const common = { seal, clock, complaints: this.#complaints, self: () => this.#self };
    this.#presence = new Presence({
      ...common,
      map: store.map(`${namespace}.members`),
      health: this.#health,
      news: {
        joined: (member) => this.#joined(member),
        left: (member, reason) => this.#left(member, reason),
        updated: (member) => {
          this.#relay.emit("updated", member);
          this.#electCoordinator();
        },
        outranked: (startedAtMs) => this.#change({ startedAtMs }),
      },
    });
    this.#messages = new HazelcastMessages({
      ...common,
      map: store.map(`${namespace}.messages`),
      topic: store.topic(`${namespace}.messages`),
      memberOf: (id) => this.#presence.get(id),
      deliver: (message, from) => this.#relay.emitMessage(message, from),
    });
    this.#electorate = new Electorate(this, options.registered);
    this.#leases = new HazelcastLeases({
      locks: store.map(`${namespace}.leases`),
      terms: store.map(`${namespace}.terms`),
      seal,
      clock,
      hasMajority: () => this.#hasMajority(),
    });
  }

  get self(): Member {
    return this.#self;
  }

  get trouble(): string | undefined {
    return this.#health.trouble;
  }

  members(): readonly Member[] {
    return [this.#self, ...this.#presence.members()].toSorted(byAge);
  }

  coordinator(): Member {
    return this.members()[0] ?? this.#self;
  }

  on<Name extends keyof ClusterEvents>(event: Name, handler: ClusterEvents[Name]): () => void {
    return this.#relay.on(event, handler);
  }

  update(change: MemberUpdate): void {
    this.#change(change);
  }

  broadcast(topic: string, body: ClusterMessage["body"]): ClusterMessage {
    const message: ClusterMessage = { id: this.#options.newId(), topic, body };
    this.#messages.send(message);
    return message;
  }

  map(name: string, options: ReplicatedMapOptions): ReplicatedMap {
    if (this.#maps.has(name))
      throw new AppError("INTERNAL", `the map "${name}" is opened twice by one node`);
    const { store, namespace, seal, clock } = this.#options;
    const surroundings = {
      name,
      parts: new MapParts(store, `${namespace}.map.${name}`, seal),
      seal,
      clock,
      writer: this.#self.id,
      complaints: this.#complaints,
      log: this.#options.log,
      onClose: () => void this.#maps.delete(name),
    };
    const map = new HazelcastMap(surroundings, options);
    this.#maps.set(name, map);
    return map;
  }

  lease(job: string, holder: LeaseHolder): LeaseClaim {
    return this.#leases.claim(job, holder);
  }

  /** Starts to take part; resolves when the first view is complete, or after `msMax` without it. */
  async start(msMax: number): Promise<void> {
    const { store, clock } = this.#options;
    this.#presence.start();
    this.#messages.start();
    store.watch({
      connected: () => void this.#connected(),
      disconnected: () => this.#health.ail("unconnected"),
      refused: () => this.#health.refused(),
      serverLost: () => void this.#presence.read(),
    });
    const endMs = clock.monotonicMs() + msMax;
    while (!this.#isReady && clock.monotonicMs() < endMs) await sleep(clock, 20);
    this.#electCoordinator();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#leases.close();
    await Promise.all([...this.#maps.values()].map((map) => map.close()));
    this.#messages.close();
    await this.#presence.leave();
    this.#health.close();
    this.#electorate.close();
    await this.#options.store.close();
  }

  async #connected(): Promise<void> {
    this.#health.mend("unconnected");
    this.#messages.resend();
    for (const map of this.#maps.values()) map.reconnected();
    await this.#presence.write();
    await this.#presence.read();
    this.#isReady = true;
    this.#leases.look();
    await this.#messages.replay();
  }

  /** Changes the own record and tells it. @throws AppError CLUSTER_LIMIT when the record is too large. */
  #change(change: Partial<Member>): void {
    const changed = { ...this.#self, ...change, incarnation: this.#self.incarnation + 1 };
    checkRecord(changed);
    this.#self = changed;
    this.#electCoordinator();
    void this.#presence.write();
  }

  #recovered(): void {
    this.#presence.forgive();
  }

  #joined(member: Member): void {
    this.#options.log.info(`Member joined [${member.id}]: /${formatAddress(member)}`);
    this.#relay.emit("joined", member);
    this.#electCoordinator();
    this.#leases.look();
  }

  #left(member: Member, reason: LeaveReason): void {
    if (this.#closing) return;
    this.#options.log.info(`Member left [${member.id}]: /${formatAddress(member)}`, { reason });
    this.#relay.emit("left", member, reason);
    this.#electCoordinator();
  }

  #hasMajority(): boolean {
    return this.#electorate.grantors().length >= this.#electorate.majority;
  }

  #electCoordinator(): void {
    const isCoordinator = this.coordinator().id === this.#self.id;
    if (isCoordinator && !this.#isCoordinator)
      this.#options.log.info(`Elected this member [${this.#self.id}] as the Coordinator node`);
    this.#isCoordinator = isCoordinator;
  }
}
