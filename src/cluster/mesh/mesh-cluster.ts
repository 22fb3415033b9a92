/**
 * The embedded provider: a full mesh in which every member tells every other one that it lives. A member
 * is live for this node while this node itself hears it; records of others are never taken from hearsay, a
 * name heard of leads to a greeting. So there is nothing to suspect, refute or merge: a healed
 * partition is a greeting that was answered. Right for tens of members; see HEARTBEAT_MS for the price.
 */
import type { Log } from "../../observability/log.ts";
import { type Clock, type Timer, sleep } from "../../runtime/clock.ts";
import type {
  Cluster,
  ClusterEvents,
  ClusterMessage,
  LeaveReason,
  Member,
  MemberUpdate,
} from "../cluster.ts";
import { EventRelay } from "../event-relay.ts";
import { byAge } from "../member-order.ts";
import { AloneNotice } from "./alone-notice.ts";
import { ContactBook } from "./contact-book.ts";
import { type Datagram, type RosterEntry, splitRoster } from "./datagram-codec.ts";
import {
  CONTACT_MS,
  FAREWELL_MS,
  FAREWELL_MS_MAX,
  GREETING_CALM_MS,
  GREETING_MS,
  HEARTBEAT_MS,
  MEMBERS_MAX,
  PROBE_MS,
  ROSTER_MS,
  STALL_MS,
} from "./mesh-timing.ts";
import { MessageExchange } from "./message-exchange.ts";
import { type Peer, PeerTable } from "./peer-table.ts";
import { checkRecord } from "./record-codec.ts";
import type { SealedLink } from "./sealed-link.ts";
import { type Address, formatAddress } from "./transport.ts";

export interface MeshClusterOptions {
  /** This node's own record; already checked. */
  readonly self: Member;
  readonly wellKnown: readonly Address[];
  readonly link: SealedLink;
  readonly log: Log;
  readonly clock: Clock;
  /** Makes the UUIDs of messages. */
  readonly newId: () => string;
}

export class MeshCluster implements Cluster {
  readonly #link: SealedLink;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #peers: PeerTable;
  readonly #contacts: ContactBook;
  readonly #messages: MessageExchange;
  readonly #newId: () => string;
  readonly #relay: EventRelay;
  readonly #timers: Timer[] = [];
  readonly #aloneNotice: AloneNotice;
  #self: Member;
  #members: readonly Member[] | undefined;
  #started = false;
  #isCoordinator = false;
  #tickMs: number;
  #joinedMs: number;
  #closing: Promise<void> | undefined;
  #closed = false;

  /** `greet` starts it. */
  constructor(options: MeshClusterOptions) {
    this.#self = options.self;
    this.#link = options.link;
    this.#log = options.log;
    this.#clock = options.clock;
    this.#peers = new PeerTable(options.self.id);
    this.#contacts = new ContactBook(options.self, options.wellKnown);
    this.#messages = new MessageExchange(options.link, options.clock);
    this.#newId = options.newId;
    this.#relay = new EventRelay(options.log);
    this.#tickMs = options.clock.monotonicMs();
    this.#aloneNotice = new AloneNotice(options.self, this.#tickMs, options.log);
    this.#joinedMs = this.#tickMs;
  }

  get self(): Member {
    return this.#self;
  }

  members(): readonly Member[] {
    this.#members ??= [this.#self, ...this.#peers.all().map((peer) => peer.member)].toSorted(byAge);
    return this.#members;
  }

  coordinator(): Member {
    return this.members()[0] ?? this.#self;
  }

  on<Name extends keyof ClusterEvents>(event: Name, handler: ClusterEvents[Name]): () => void {
    return this.#relay.on(event, handler);
  }

  update(change: MemberUpdate): void {
    const changed = { ...this.#self, ...change, incarnation: this.#self.incarnation + 1 };
    checkRecord(changed);
    this.#self = changed;
    this.#members = undefined;
    if (!this.#closing) this.#sendAliveToAll();
  }

  broadcast(topic: string, body: ClusterMessage["body"]): ClusterMessage {
    const message: ClusterMessage = { id: this.#newId(), topic, body };
    this.#messages.add(message);
    for (const peer of this.#peers.all()) this.#messages.sendDue(peer.member);
    return message;
  }

  /** Starts to take part, and resolves when the well-known members have answered or GREETING_MS are over. */
  async greet(): Promise<void> {
    this.#link.receive((sender, datagram) => this.#receive(sender, datagram));
    this.#timers.push(
      this.#clock.every(HEARTBEAT_MS, () => this.#tick()),
      this.#clock.every(CONTACT_MS, () => this.#greetContacts()),
    );
    this.#greetContacts();
    const endMs = this.#clock.monotonicMs() + GREETING_MS;
    while (!this.#greeted() && this.#clock.monotonicMs() < endMs) await sleep(this.#clock, 20);
    this.#started = true;
    this.#electCoordinator();
  }

  close(): Promise<void> {
    this.#closing ??= this.#leave();
    return this.#closing;
  }

  #greeted(): boolean {
    if (this.#missingContacts().length > 0) return false;
    const calmMs = this.#clock.monotonicMs() - this.#joinedMs;
    return this.#peers.size === 0 || calmMs >= GREETING_CALM_MS;
  }

  #tick(): void {
    const nowMs = this.#clock.monotonicMs();
    const lateMs = nowMs - this.#tickMs - HEARTBEAT_MS;
    this.#tickMs = nowMs;
    // A process that stood still has not read its datagrams: the silence was its own.
    if (lateMs > STALL_MS) this.#peers.forgive(lateMs);
    // What came while this node was late lies in the socket and is read first.
    if (lateMs > HEARTBEAT_MS) this.#clock.after(0, () => this.#removeLost());
    else this.#removeLost();
    for (const member of this.#peers.silentSince(nowMs - PROBE_MS)) this.#sendHello(member);
    this.#sendAliveToAll();
    for (const peer of this.#peers.all()) this.#messages.sendDue(peer.member);
  }

  #removeLost(): void {
    if (this.#closing) return;
    const nowMs = this.#clock.monotonicMs();
    for (const member of this.#peers.lost(nowMs)) {
      this.#contacts.lose(member, nowMs);
      this.#remove(member.id, "silent");
    }
  }

  #missingContacts(): readonly Address[] {
    return this.#contacts
      .due(this.#clock.monotonicMs())
      .filter((address) => !this.#peers.hasAddress(formatAddress(address)));
  }

  #greetContacts(): void {
    const missing = this.#missingContacts();
    for (const address of missing) this.#sendHello(address);
    const heardOf = this.#peers.size > 0;
    this.#aloneNotice.look(heardOf, missing, this.#clock.monotonicMs());
  }

  #receive(sender: string, datagram: Datagram): void {
    if (this.#closed) return;
    const peer = this.#peers.get(sender);
    if (peer) peer.heardMs = Math.max(peer.heardMs, this.#clock.monotonicMs());
    switch (datagram.kind) {
      case "hello":
        if (!this.#closing && !this.#peers.departedAddress(sender))
          this.#sendAlive(datagram.record);
        return;
      case "alive":
        if (!this.#closing) this.#hear(datagram.record, datagram.roster);
        return;
      case "roster":
        if (!this.#closing && peer) this.#meet(datagram.entries);
        return;
      case "message":
        if (!this.#closing && peer) this.#takeMessage(peer.member, datagram.message);
        return;
      case "ack":
        if (peer) this.#messages.acknowledge(peer.member, datagram.messageId);
        return;
      case "bye":
        this.#takeFarewell(sender);
        return;
      case "bye-ack":
        if (this.#closing) this.#peers.remove(sender, false);
        return;
    }
  }

  #hear(record: Member, roster: string): void {
    const nowMs = this.#clock.monotonicMs();
    const heard = this.#peers.hear(record, nowMs);
    if (heard.kind === "full") {
      this.#link.complaints.add(
        "full",
        `member [${record.id}] at ${formatAddress(record)} is not taken up: there are ${MEMBERS_MAX} members already`,
      );
      return;
    }
    if (heard.kind === "departed") return;
    if (heard.kind === "joined") this.#welcome(heard.peer, heard.replaced);
    if (heard.kind === "updated") {
      this.#members = undefined;
      this.#relay.emit("updated", heard.peer.member);
    }
    if (roster !== this.#peers.roster) this.#sendRoster(heard.peer, nowMs);
  }

  #welcome(peer: Peer, replaced: readonly Member[]): void {
    for (const member of replaced) this.#reportLeft(member, "replaced");
    const { member } = peer;
    this.#joinedMs = this.#clock.monotonicMs();
    this.#members = undefined;
    this.#log.info(`Member joined [${member.id}]: /${formatAddress(member)}`);
    this.#messages.addMember(member);
    // First the own record, so that the other side knows the sender of what follows.
    this.#sendAlive(member);
    this.#messages.sendDue(member);
    this.#relay.emit("joined", member);
    this.#electCoordinator();
  }

  #remove(id: string, reason: LeaveReason): void {
    const member = this.#peers.remove(id, reason !== "silent");
    if (member) this.#reportLeft(member, reason);
  }

  #reportLeft(member: Member, reason: LeaveReason): void {
    this.#members = undefined;
    this.#messages.removeMember(member);
    if (this.#closing) return;
    this.#log.info(`Member left [${member.id}]: /${formatAddress(member)}`, { reason });
    this.#relay.emit("left", member, reason);
    this.#electCoordinator();
  }

  #takeFarewell(sender: string): void {
    const address = this.#peers.get(sender)?.member ?? this.#peers.departedAddress(sender);
    if (!address) return;
    this.#contacts.drop(address);
    this.#remove(sender, "left");
    this.#link.send({ kind: "bye-ack", to: sender }, address);
  }

  #takeMessage(member: Member, message: ClusterMessage): void {
    if (this.#messages.take(member, message)) this.#relay.emitMessage(message, member);
  }

  #meet(entries: readonly RosterEntry[]): void {
    const nowMs = this.#clock.monotonicMs();
    for (const { id, host, port } of entries) {
      if (id === this.#self.id || this.#peers.get(id) || this.#peers.departedAddress(id)) continue;
      if (this.#contacts.introduce({ host, port }, nowMs)) this.#sendHello({ host, port });
    }
  }

  #electCoordinator(): void {
    // Before the well-known members have answered, being alone says nothing.
    if (!this.#started) return;
    const isCoordinator = this.coordinator().id === this.#self.id;
    if (isCoordinator && !this.#isCoordinator) {
      this.#log.info(`Elected this member [${this.#self.id}] as the Coordinator node`);
    }
    this.#isCoordinator = isCoordinator;
  }

  #sendHello(address: Address): void {
    this.#link.send({ kind: "hello", record: this.#self }, address);
  }

  #sendAlive(to: Member): void {
    const roster = this.#peers.roster;
    this.#link.send({ kind: "alive", to: to.id, roster, record: this.#self }, to);
  }

  #sendAliveToAll(): void {
    for (const peer of this.#peers.all()) this.#sendAlive(peer.member);
  }

  #sendRoster(peer: Peer, nowMs: number): void {
    if (nowMs - peer.rosterSentMs < ROSTER_MS) return;
    peer.rosterSentMs = nowMs;
    const others = this.#peers.all().filter((other) => other !== peer);
    const entries = others.map(({ member: { id, host, port } }) => ({ id, host, port }));
    for (const part of splitRoster(entries)) {
      this.#link.send({ kind: "roster", to: peer.member.id, entries: part }, peer.member);
    }
  }

  async #leave(): Promise<void> {
    for (const timer of this.#timers) timer.cancel();
    await this.#repeat(
      () => this.#messages.hasPending,
      ({ member }) => this.#messages.sendDue(member),
    );
    // Whoever acknowledges the farewell is taken out of the table.
    await this.#repeat(
      () => this.#peers.size > 0,
      ({ member }) => this.#link.send({ kind: "bye", to: member.id }, member),
    );
    this.#closed = true;
    await this.#link.close();
  }

  /** Sends to all peers every FAREWELL_MS while it is needed, FAREWELL_MS_MAX at most. */
  async #repeat(isNeeded: () => boolean, send: (peer: Peer) => void): Promise<void> {
    for (let waitedMs = 0; isNeeded() && waitedMs < FAREWELL_MS_MAX; waitedMs += FAREWELL_MS) {
      this.#peers.all().forEach(send);
      await sleep(this.#clock, FAREWELL_MS);
    }
  }
}
