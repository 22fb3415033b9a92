/**
 * The embedded provider: the `Membership` port over the protocol of `SwimNode`. Adds cluster messages, the coordinator, WSO2's log
 * lines, and an orderly start and stop. `start-swim.ts` gives it a real network, simulations one of their own.
 */
import type { Log } from "../../observability/log.ts";
import { type Clock, type Timer, sleep } from "../../runtime/clock.ts";
import type {
  ClusterEvents,
  ClusterMessage,
  LeaveReason,
  Member,
  Membership,
  MemberUpdate,
} from "../cluster.ts";
import { EventRelay } from "../event-relay.ts";
import { type Address, formatAddress } from "../member-address.ts";
import { AloneNotice } from "./alone-notice.ts";
import type { Claim } from "./claim.ts";
import type { Complaints } from "./complaints.ts";
import { MessageExchange } from "./message-exchange.ts";
import type { Packet, SwimPort } from "./packet.ts";
import type { Random } from "./random.ts";
import { checkRecord } from "./record-codec.ts";
import { SwimNode } from "./swim-node.ts";
import {
  FAREWELL_MEMBERS_MAX,
  FAREWELL_MS,
  FAREWELL_MS_MAX,
  GREETING_CALM_MS,
  MEMBERS_MAX,
  RESEND_MS,
  type SwimTiming,
  TICK_MS,
} from "./swim-timing.ts";

export interface SwimClusterOptions {
  /** This node's own record; already checked. */
  readonly self: Member;
  readonly wellKnown: readonly Address[];
  readonly timing: SwimTiming;
  readonly port: SwimPort;
  readonly complaints: Complaints;
  readonly log: Log;
  readonly clock: Clock;
  readonly random: Random;
  /** Makes the UUIDs of messages. */
  readonly newId: () => string;
  /** Why a member may not take part; undefined: it may. Asked when it joins, and by `recheck`. Default: all may. */
  readonly refusal?: (member: Member) => string | undefined;
  /** Closes the network when this node has left. */
  readonly closePort: () => Promise<void>;
}

export class SwimCluster implements Membership {
  readonly #options: SwimClusterOptions;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #node: SwimNode;
  readonly #messages: MessageExchange;
  readonly #relay: EventRelay;
  readonly #timers: Timer[] = [];
  readonly #aloneNotice: AloneNotice;
  readonly #farewellDue = new Map<string, Member>();
  #isStarted = false;
  #isCoordinator = false;
  #joinedMs: number;
  #closing: Promise<void> | undefined;
  #isClosed = false;

  /** `start` lets it take part. */
  constructor(options: SwimClusterOptions) {
    const { self, wellKnown, timing, port, complaints, log, clock, random } = options;
    this.#options = options;
    this.#log = log;
    this.#clock = clock;
    this.#messages = new MessageExchange(port, complaints, clock);
    this.#relay = new EventRelay(log);
    this.#joinedMs = clock.monotonicMs();
    this.#aloneNotice = new AloneNotice(self, this.#joinedMs, log);
    const events = {
      joined: (member: Member) => this.#welcome(member),
      left: (member: Member, reason: LeaveReason) => this.#reportLeft(member, reason),
      updated: (member: Member) => {
        this.#relay.emit("updated", member);
        this.#electCoordinator();
      },
      gaveWay: () => this.#electCoordinator(),
      refuted: () => log.debug("refuted: others took this node for dead or suspected it"),
      refusal: (member: Member) => this.#refusal(member),
    };
    this.#node = new SwimNode({ self, wellKnown, timing, port, clock, random, events });
  }

  get self(): Member {
    return this.#node.table.self;
  }

  members(): readonly Member[] {
    return this.#node.table.members;
  }

  coordinator(): Member {
    return this.members()[0] ?? this.self;
  }

  on<Name extends keyof ClusterEvents>(event: Name, handler: ClusterEvents[Name]): () => void {
    return this.#relay.on(event, handler);
  }

  update(change: MemberUpdate): void {
    const changed = { ...this.self, ...change, incarnation: this.self.incarnation + 1 };
    checkRecord(changed);
    this.#node.announce(changed);
  }

  broadcast(topic: string, body: ClusterMessage["body"]): ClusterMessage {
    const message: ClusterMessage = { id: this.#options.newId(), topic, body };
    this.#messages.add(message);
    this.#sendMessages();
    return message;
  }

  /** Starts to take part; resolves when the well-known members have answered and told their state, or joinTimeout is over. */
  async start(): Promise<void> {
    this.#timers.push(
      this.#clock.every(TICK_MS, () => this.#tick()),
      this.#clock.every(RESEND_MS / 2, () => this.#sendMessages()),
    );
    this.#node.tick();
    const endMs = this.#clock.monotonicMs() + this.#options.timing.joinTimeoutMs;
    while (!this.#isGreeted() && this.#clock.monotonicMs() < endMs) await sleep(this.#clock, 20);
    this.#isStarted = true;
    this.#electCoordinator();
  }

  /** Asks `refusal` again of all members: those that may not take part any more leave as "refused". */
  recheck(): void {
    this.#node.recheck();
  }

  /** A live member of this id, this node left out. */
  find(id: string): Member | undefined {
    return this.#node.table.get(id)?.member;
  }

  /** Takes what came from the member `sender`; called by the network. */
  receive(sender: string, packet: Packet, from: Address): void {
    if (this.#isClosed) return;
    switch (packet.kind) {
      case "message":
        this.#takeMessage(sender, packet.message);
        return;
      case "message-ack": {
        const member = this.find(sender);
        if (member) this.#messages.acknowledge(member, packet.messageId);
        return;
      }
      case "bye-ack":
        this.#farewellDue.delete(sender);
        return;
      case "hello":
      case "ping":
      case "ack":
      case "ping-req":
      case "nack":
      case "gossip":
      case "bye":
        this.#node.receive(sender, packet, from);
        return;
    }
  }

  /** The other side of a state exchange; called by the network. */
  exchange(sender: string, claims: readonly Claim[]): readonly Claim[] {
    return this.#closing ? [] : this.#node.exchange(sender, claims);
  }

  close(): Promise<void> {
    this.#closing ??= this.#leave();
    return this.#closing;
  }

  #isGreeted(): boolean {
    if (this.#node.missingWellKnown.length > 0 || !this.#node.hasState) return false;
    const calmMs = this.#clock.monotonicMs() - this.#joinedMs;
    return this.#node.table.size === 1 || calmMs >= GREETING_CALM_MS;
  }

  #tick(): void {
    this.#node.tick();
    const missing = this.#node.missingWellKnown;
    this.#aloneNotice.look(this.#node.table.size > 1, missing, this.#clock.monotonicMs());
  }

  #sendMessages(): void {
    if (!this.#messages.hasPending) return;
    for (const { member } of this.#node.table.entries()) this.#messages.sendDue(member);
  }

  #takeMessage(sender: string, message: ClusterMessage): void {
    // Who is not known yet repeats it; by then it is.
    const member = this.find(sender);
    if (!member || this.#closing) return;
    if (this.#messages.take(member, message)) this.#relay.emitMessage(message, member);
  }

  #refusal(member: Member): string | undefined {
    const { domain } = this.self;
    const { complaints, refusal } = this.#options;
    const isForeign = member.domain !== domain;
    const reason = isForeign ? `it is of the domain "${member.domain}"` : refusal?.(member);
    const isFull = this.members().length >= MEMBERS_MAX && !this.find(member.id);
    const said = reason ?? (isFull ? `there are ${MEMBERS_MAX} members already` : undefined);
    if (said !== undefined)
      complaints.add(
        "refused",
        `refused member [${member.id}] at ${formatAddress(member)}: ${said}`,
      );
    return said;
  }

  #welcome(member: Member): void {
    this.#joinedMs = this.#clock.monotonicMs();
    this.#log.info(`Member joined [${member.id}]: /${formatAddress(member)}`);
    this.#warnOfTwin(member);
    this.#messages.addMember(member);
    this.#relay.emit("joined", member);
    this.#electCoordinator();
  }

  /** Two nodes of one name count as one for leases and for whoever removes a node. */
  #warnOfTwin({ id, name, host, port }: Member): void {
    const twin = this.members().find((other) => other.name === name && other.id !== id);
    if (!twin) return;
    const places = `${formatAddress(twin)} and ${formatAddress({ host, port })}`;
    this.#options.complaints.add(
      "same-name",
      `two members are called "${name}", at ${places}: give each node a name (-DnodeName, node_name) and a home of its own`,
    );
  }

  #reportLeft(member: Member, reason: LeaveReason): void {
    this.#messages.removeMember(member);
    this.#farewellDue.delete(member.id);
    if (this.#closing) return;
    this.#log.info(`Member left [${member.id}]: /${formatAddress(member)}`, { reason });
    if (this.#node.contacts.isWellKnown(member))
      this.#log.info(`WKA member [${member.id}]: /${formatAddress(member)} left cluster.`);
    this.#relay.emit("left", member, reason);
    this.#electCoordinator();
  }

  #electCoordinator(): void {
    // Before the well-known members have answered, being alone says nothing.
    if (!this.#isStarted) return;
    const isCoordinator = this.coordinator().id === this.self.id;
    if (isCoordinator && !this.#isCoordinator)
      this.#log.info(`Elected this member [${this.self.id}] as the Coordinator node`);
    this.#isCoordinator = isCoordinator;
  }

  async #leave(): Promise<void> {
    const entries = this.#node.table.entries();
    const others = entries.slice(0, FAREWELL_MEMBERS_MAX).map(({ member }) => member);
    for (const member of others) this.#farewellDue.set(member.id, member);
    await this.#repeat(
      () => this.#messages.hasPending,
      () => this.#sendMessages(),
    );
    const incarnation = this.#node.leave();
    await this.#repeat(
      () => this.#farewellDue.size > 0,
      () => {
        for (const [id, member] of this.#farewellDue)
          this.#options.port.send({ kind: "bye", to: id, incarnation }, member);
      },
    );
    for (const timer of this.#timers) timer.cancel();
    this.#isClosed = true;
    await this.#options.closePort();
  }

  /** Sends every FAREWELL_MS while it is needed, FAREWELL_MS_MAX at most. */
  async #repeat(isNeeded: () => boolean, send: () => void): Promise<void> {
    for (let waitedMs = 0; isNeeded() && waitedMs < FAREWELL_MS_MAX; waitedMs += FAREWELL_MS) {
      send();
      await sleep(this.#clock, FAREWELL_MS);
    }
  }
}
