/**
 * What this node knows of the other members: their records, and when each last gave a sign of life by this node's own
 * monotonic clock. A sign of life is a sequence number that is new; an entry that is read again proves nothing. Pure:
 * `presence.ts` feeds it and tells the news.
 */
import type { Member } from "../cluster.ts";
import { formatAddress } from "../member-address.ts";
import { MEMBERS_MAX } from "./hazelcast-timing.ts";

/** Where a record came from: an event is news, what was read may be the leftover of a dead process. */
export type Source = "event" | "read";

export type Heard =
  | { readonly kind: "joined"; readonly replaced: readonly Member[] }
  | { readonly kind: "updated" }
  /** Nothing to tell: a sign of life, an old record, or a member that has gone for good. */
  | { readonly kind: "known" }
  | { readonly kind: "full" };

interface Peer {
  member: Member;
  seq: number;
  heardMs: number;
}

/** A member that was reported left; only a silent one may come back, with a newer sign of life. */
interface Gone {
  readonly seq: number;
  readonly isFinal: boolean;
}

/** Departed members that are remembered, so that leftovers of them in the store are not taken for members. */
const GONE_MAX = 4096;

const KNOWN: Heard = { kind: "known" };

export class PresenceTable {
  readonly #peers = new Map<string, Peer>();
  readonly #gone = new Map<string, Gone>();
  /** Members that were read at an address which another one has: first seen sequence number. */
  readonly #rivals = new Map<string, number>();

  members(): readonly Member[] {
    return [...this.#peers.values()].map(({ member }) => member);
  }

  get(id: string): Member | undefined {
    return this.#peers.get(id)?.member;
  }

  /** Takes a record of another member. */
  hear(
    record: { readonly member: Member; readonly seq: number },
    source: Source,
    nowMs: number,
  ): Heard {
    const { member, seq } = record;
    const peer = this.#peers.get(member.id);
    if (!peer) return this.#meet(record, source, nowMs);
    if (seq <= peer.seq) return KNOWN;
    const isNews = member.incarnation > peer.member.incarnation;
    Object.assign(peer, { seq, heardMs: nowMs, ...(isNews ? { member } : {}) });
    return isNews ? { kind: "updated" } : KNOWN;
  }

  /** Takes a member out. `isFinal`: it said so, or another process has its address, and its id never comes back. */
  remove(id: string, isFinal: boolean): Member | undefined {
    const peer = this.#peers.get(id);
    if (!peer && !isFinal) return undefined;
    this.#peers.delete(id);
    this.#gone.delete(id);
    this.#gone.set(id, { seq: peer?.seq ?? 0, isFinal });
    if (this.#gone.size > GONE_MAX) {
      const [oldest] = this.#gone.keys();
      if (oldest !== undefined) this.#gone.delete(oldest);
    }
    return peer?.member;
  }

  /** Ids of members of which nothing new was heard since a moment. */
  silentSince(sinceMs: number): readonly string[] {
    return [...this.#peers].filter(([, { heardMs }]) => heardMs < sinceMs).map(([id]) => id);
  }

  /** Starts the timers afresh: of one member, or of all. */
  forgive(nowMs: number, id?: string): void {
    for (const [known, peer] of this.#peers)
      if (id === undefined || id === known) peer.heardMs = nowMs;
  }

  #meet(
    { member, seq }: { readonly member: Member; readonly seq: number },
    source: Source,
    nowMs: number,
  ): Heard {
    const gone = this.#gone.get(member.id);
    if (gone && (gone.isFinal || seq <= gone.seq)) return KNOWN;
    const address = formatAddress(member);
    const replaced = this.members().filter((other) => formatAddress(other) === address);
    if (replaced.length > 0 && source === "read" && !this.#hasAdvanced(member.id, seq))
      return KNOWN;
    if (this.#peers.size - replaced.length >= MEMBERS_MAX) return { kind: "full" };
    for (const { id } of replaced) this.remove(id, true);
    this.#gone.delete(member.id);
    this.#rivals.delete(member.id);
    this.#peers.set(member.id, { member, seq, heardMs: nowMs });
    return { kind: "joined", replaced };
  }

  /** Whether a member that was read at a taken address has given a sign of life between two readings. */
  #hasAdvanced(id: string, seq: number): boolean {
    const first = this.#rivals.get(id);
    if (first !== undefined) return seq > first;
    if (this.#rivals.size >= GONE_MAX) this.#rivals.clear();
    this.#rivals.set(id, seq);
    return false;
  }
}
