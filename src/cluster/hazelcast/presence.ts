/**
 * Presence over the store: writes this node's record every HEARTBEAT_MS, hears those of the others by events and by
 * reading all of them every RECONCILE_MS, and reports silent whom nothing new came from. No verdict falls while the store
 * is sick, nor before the store has been asked once more for the entry: an entry whose Hazelcast member stands still
 * cannot be renewed by a node that is alive.
 */
import { messageOf } from "../../errors/app-error.ts";
import type { Clock, Timer } from "../../runtime/clock.ts";
import type { LeaveReason, Member } from "../cluster.ts";
import { formatAddress } from "../member-address.ts";
import { AGE_MS_MAX, givesWay } from "../member-order.ts";
import type { Complaints } from "../swim/complaints.ts";
import { within } from "./call-limit.ts";
import {
  CONFIRM_MS,
  FAREWELL_MS_MAX,
  HEARTBEAT_MS,
  LOOK_MS,
  MEMBER_TTL_MS,
  MEMBERS_MAX,
  RECONCILE_MS,
  SILENCE_MS,
  STALL_MS,
} from "./hazelcast-timing.ts";
import { type MemberEntry, openEntry, sealEntry } from "./member-entry.ts";
import { PresenceTable, type Source } from "./presence-table.ts";
import type { StoreHealth } from "./store-health.ts";
import type { StoreEvent, StoreMap } from "./store.ts";
import type { ValueSeal } from "./value-seal.ts";

export interface PresenceNews {
  joined(member: Member): void;
  left(member: Member, reason: LeaveReason): void;
  updated(member: Member): void;
  /** A member runs longer than this one, which came before it: the `startedAtMs` to take instead. */
  outranked(startedAtMs: number): void;
}

export interface PresenceOptions {
  readonly map: StoreMap;
  readonly seal: ValueSeal;
  readonly health: StoreHealth;
  readonly self: () => Member;
  readonly news: PresenceNews;
  readonly complaints: Complaints;
  readonly clock: Clock;
}

export class Presence {
  readonly #options: PresenceOptions;
  readonly #table = new PresenceTable();
  readonly #confirming = new Set<string>();
  /** Leftovers of this node's address that were cleared away once, with what was their last sign of life. */
  readonly #cleared = new Map<string, number>();
  readonly #ownId: string;
  readonly #startedMs: number;
  #timers: readonly Timer[] = [];
  #seq = 0;
  #lookedMs: number;
  #isReading = false;
  #isClosing = false;
  #lastWrite: Promise<unknown> = Promise.resolve();

  constructor(options: PresenceOptions) {
    this.#options = options;
    this.#ownId = options.self().id;
    this.#startedMs = options.clock.monotonicMs();
    this.#lookedMs = this.#startedMs;
  }

  /** The others that are live. */
  members(): readonly Member[] {
    return this.#table.members();
  }

  get(id: string): Member | undefined {
    return this.#table.get(id);
  }

  start(): void {
    const { map, clock } = this.#options;
    map.listen((event) => this.#hearEvent(event));
    this.#timers = [
      clock.every(HEARTBEAT_MS, () => void this.write()),
      clock.every(RECONCILE_MS, () => void this.read()),
      clock.every(LOOK_MS, () => this.#look()),
    ];
  }

  /** Writes this node's record now. Resolves when it is written or has failed. */
  async write(): Promise<void> {
    const { map, seal, self, health } = this.#options;
    if (this.#isClosing || !this.#isConnected()) return;
    this.#seq += 1;
    const sealed = sealEntry(seal, { member: self(), seq: this.#seq, ageMs: this.#ageMs });
    const write = map.set(this.#ownId, sealed, MEMBER_TTL_MS);
    this.#lastWrite = write;
    try {
      await write;
      health.mend("unwritten");
    } catch {
      health.ail("unwritten");
    }
  }

  /** Reads all entries now. Resolves when they are taken in or reading has failed. */
  async read(): Promise<void> {
    const { map, health } = this.#options;
    if (this.#isReading || this.#isClosing || !this.#isConnected()) return;
    this.#isReading = true;
    try {
      for (const [id, value] of await map.entries()) this.#hear(id, value, "read");
      health.mend("unread");
    } catch {
      health.ail("unread");
    } finally {
      this.#isReading = false;
    }
  }

  /** The store can be believed again: everyone gets the time to show a sign of life. */
  forgive(): void {
    this.#table.forgive(this.#options.clock.monotonicMs());
  }

  /** Stops, and takes this node's entry out of the store: the others report it left. Never rejects. */
  async leave(): Promise<void> {
    const { map, clock } = this.#options;
    this.#isClosing = true;
    for (const timer of this.#timers) timer.cancel();
    if (!this.#isConnected()) return;
    // A write that is still on its way would bring the entry back.
    await within(clock, FAREWELL_MS_MAX, this.#lastWrite).catch(() => {});
    await within(clock, FAREWELL_MS_MAX, map.delete(this.#ownId)).catch((error: unknown) =>
      this.#options.complaints.add(
        "farewell",
        `the farewell did not get through: ${messageOf(error)}`,
      ),
    );
  }

  #isConnected(): boolean {
    return !this.#options.health.has("unconnected");
  }

  #hearEvent(event: StoreEvent): void {
    if (this.#isClosing) return;
    if (event.kind === "set") this.#hear(event.key, event.value, "event");
    else if (event.key !== this.#ownId) this.#remove(event.key, "left");
    // Somebody took this node for dead and cleared its entry away: the next heartbeat brings it back.
  }

  #hear(id: string, value: Buffer, source: Source): void {
    const { seal, complaints, clock } = this.#options;
    if (id === this.#ownId || this.#isClosing) return;
    const entry = openEntry(seal, id, value);
    if (!entry) {
      complaints.add(
        "foreign",
        "the Hazelcast cluster holds a member record that this node cannot open: it is refused. If a node is missing, its groupPassword or domain differ from this node's",
      );
      return;
    }
    if (this.#isOwnLeftover(entry)) return;
    this.#tell(entry, source, clock.monotonicMs());
  }

  #tell(entry: MemberEntry, source: Source, nowMs: number): void {
    const { news, complaints } = this.#options;
    const heard = this.#table.hear(entry, source, nowMs);
    if (heard.kind === "joined") {
      for (const member of heard.replaced) news.left(member, "replaced");
      news.joined(entry.member);
    } else if (heard.kind === "updated") news.updated(entry.member);
    else if (heard.kind === "full")
      complaints.add("full", `a member is not taken up: there are ${MEMBERS_MAX} already`);
    this.#compareAges(entry);
  }

  get #ageMs(): number {
    const ageMs = this.#options.clock.monotonicMs() - this.#startedMs;
    return Math.min(AGE_MS_MAX, Math.floor(ageMs));
  }

  /** Who has run longer is the older one, whatever the wall clocks say. */
  #compareAges({ member, ageMs }: MemberEntry): void {
    const { self, news } = this.#options;
    if (!this.#table.get(member.id)) return;
    const startedAtMs = givesWay({ member: self(), ageMs: this.#ageMs }, { member, ageMs });
    if (startedAtMs !== undefined) news.outranked(startedAtMs);
  }

  /** An earlier process had this node's address: it is gone, for this node has bound the port. */
  #isOwnLeftover({ member, seq }: MemberEntry): boolean {
    const { self, map, complaints } = this.#options;
    if (formatAddress(member) !== formatAddress(self())) return false;
    const clearedSeq = this.#cleared.get(member.id);
    if (clearedSeq !== undefined && seq > clearedSeq + 1)
      complaints.add(
        "same-address",
        `another node that is alive has this node's cluster address ${formatAddress(member)}: give each its own localMemberHost`,
      );
    if (clearedSeq !== undefined || this.#seq === 0) return true;
    this.#cleared.set(member.id, seq);
    // The others must see this node first, so that they know by whom the other one was replaced.
    void this.#lastWrite.then(() => map.delete(member.id)).catch(() => {});
    return true;
  }

  #look(): void {
    const { clock, health } = this.#options;
    const nowMs = clock.monotonicMs();
    const lateMs = nowMs - this.#lookedMs - LOOK_MS;
    this.#lookedMs = nowMs;
    if (lateMs > STALL_MS) this.#table.forgive(nowMs);
    if (health.isSick) return;
    for (const id of this.#table.silentSince(nowMs - SILENCE_MS)) void this.#confirm(id);
  }

  /** Asks the store once more for the entry of a silent member. */
  async #confirm(id: string): Promise<void> {
    const { map, health, clock } = this.#options;
    if (this.#confirming.has(id)) return;
    this.#confirming.add(id);
    try {
      const value = await map.get(id, CONFIRM_MS);
      if (value) this.#hear(id, value, "event");
      const isSilent = this.#table.silentSince(clock.monotonicMs() - SILENCE_MS).includes(id);
      if (isSilent && !health.isSick && !this.#isClosing) this.#remove(id, "silent");
    } catch {
      // The part of the store that holds the entry does not answer: the member may be well.
      this.#table.forgive(clock.monotonicMs(), id);
    } finally {
      this.#confirming.delete(id);
    }
  }

  #remove(id: string, reason: LeaveReason): void {
    const member = this.#table.remove(id, reason !== "silent");
    if (member) this.#options.news.left(member, reason);
  }
}
