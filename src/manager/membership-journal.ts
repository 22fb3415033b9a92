/**
 * What the manager saw of the membership lately: who joined, who left and why, who changed its state. For `bascule cluster
 * watch` and for people who come after the fact. Kept in memory, the last EVENTS_MAX of them.
 */
import type { Cluster, LeaveReason, Member } from "../cluster/cluster.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Closable } from "../runtime/lifecycle.ts";

const EVENTS_MAX = 500;

export interface MembershipEvent {
  /** From 1 on, without gaps, since the manager started. */
  readonly number: number;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly kind: "joined" | "left" | "changed";
  readonly id: string;
  readonly name: string;
  readonly role: string;
  /** "host:port" of the cluster address. */
  readonly address: string;
  readonly state: string;
  /** Present exactly when kind is "left". */
  readonly reason?: LeaveReason;
}

export class MembershipJournal implements Closable {
  readonly #clock: Clock;
  readonly #events: MembershipEvent[] = [];
  readonly #states = new Map<string, string>();
  readonly #ends: (() => void)[];
  #count = 0;

  constructor(cluster: Pick<Cluster, "on" | "members"> | undefined, clock: Clock) {
    this.#clock = clock;
    for (const { id, state } of cluster?.members() ?? []) this.#states.set(id, state);
    this.#ends = cluster
      ? [
          cluster.on("joined", (member) => this.#note("joined", member)),
          cluster.on("left", (member, reason) => this.#note("left", member, reason)),
          cluster.on("updated", (member) => this.#onUpdated(member)),
        ]
      : [];
  }

  /** Those with a greater number that are still kept, oldest first. */
  after(number: number): readonly MembershipEvent[] {
    return this.#events.filter((event) => event.number > number);
  }

  /** The number of the newest event; 0 before the first. */
  get last(): number {
    return this.#count;
  }

  close(): Promise<void> {
    for (const end of this.#ends) end();
    return Promise.resolve();
  }

  /** A new revision is no news of the membership. */
  #onUpdated(member: Member): void {
    if (this.#states.get(member.id) !== member.state) this.#note("changed", member);
  }

  #note(kind: MembershipEvent["kind"], member: Member, reason?: LeaveReason): void {
    const { id, name, role, host, port, state } = member;
    if (kind === "left") this.#states.delete(id);
    else this.#states.set(id, state);
    const address = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
    const event = { number: ++this.#count, atMs: this.#clock.wallMs(), kind, id, name, role };
    this.#events.push({ ...event, address, state, ...(reason !== undefined && { reason }) });
    if (this.#events.length > EVENTS_MAX) this.#events.shift();
  }
}
