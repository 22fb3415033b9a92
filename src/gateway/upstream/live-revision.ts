/**
 * Which workers run what the cluster has made live. The live revision is the one that the manager's record tells (of the
 * oldest manager that tells one), and the last known one while no manager is there. A worker on another one is "behind"
 * after a grace, for workers switch one after the other and gateways hear of them in any order; one that the manager
 * lists as late is behind at once. Called by the member directory; what follows for peers is in `rotation.ts`.
 */
import type { Member } from "../../cluster/cluster.ts";
import { MEMBER_PROPERTIES } from "../../cluster/member-properties.ts";
import type { Clock, Timer } from "../../runtime/clock.ts";

/** How a worker stands to the live revision. "switching": it runs another one, and its grace is not over. */
export type Standing = "live" | "switching" | "behind";

/**
 * How long a worker may run another revision after live, or its own, has changed. Longer keeps old answers for longer
 * where a worker hangs and no manager says so; shorter moves sessions away from workers that are just switching.
 */
export const GRACE_MS = 1_000;

interface Change {
  readonly revision: string | undefined;
  /** Monotonic; of a member that was not there before: long ago. */
  readonly atMs: number;
}

export class LiveRevision {
  readonly #clock: Clock;
  readonly #onExpiry: () => void;
  #live: string | undefined;
  #liveAtMs = 0;
  #late: ReadonlySet<string> = new Set();
  #changes: ReadonlyMap<string, Change> = new Map();
  #timer: Timer | undefined;

  /** @param onExpiry called when a grace is over: standings have changed. */
  constructor(clock: Clock, onExpiry: () => void) {
    this.#clock = clock;
    this.#onExpiry = onExpiry;
  }

  /** A full commit id; undefined: no manager has told one yet. */
  get live(): string | undefined {
    return this.#live;
  }

  /** Takes in what the members tell; to be called after each change. @param members oldest first. */
  look(members: readonly Member[]): void {
    const nowMs = this.#clock.monotonicMs();
    const manager = members.find(
      ({ role, revision }) => role === "manager" && revision !== undefined,
    );
    if (manager) this.#hear(manager, nowMs);
    const workers = members.filter(({ role }) => role === "worker");
    this.#changes = new Map(workers.map((member) => [member.id, this.#changeOf(member, nowMs)]));
    this.#awaitExpiry(workers, nowMs);
  }

  /** Undefined: revisions do not matter for this member. */
  standingOf(member: Member): Standing | undefined {
    if (member.role !== "worker" || this.#live === undefined) return undefined;
    if (member.revision === this.#live) return "live";
    if (this.#late.has(member.name)) return "behind";
    return this.#graceEndMs(member) > this.#clock.monotonicMs() ? "switching" : "behind";
  }

  close(): void {
    this.#timer?.cancel();
  }

  #hear({ revision, properties }: Member, nowMs: number): void {
    this.#late = new Set(lateWorkers(properties));
    if (revision === this.#live) return;
    this.#live = revision;
    this.#liveAtMs = nowMs;
  }

  #changeOf({ id, revision }: Member, nowMs: number): Change {
    const before = this.#changes.get(id);
    if (!before) return { revision, atMs: Number.NEGATIVE_INFINITY };
    return before.revision === revision ? before : { revision, atMs: nowMs };
  }

  #graceEndMs({ id }: Member): number {
    return Math.max(this.#liveAtMs, this.#changes.get(id)?.atMs ?? 0) + GRACE_MS;
  }

  /** One timer, for the grace that ends first. */
  #awaitExpiry(workers: readonly Member[], nowMs: number): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const switching = workers.filter((member) => this.standingOf(member) === "switching");
    if (switching.length === 0) return;
    const endMs = Math.min(...switching.map((member) => this.#graceEndMs(member)));
    this.#timer = this.#clock.after(endMs - nowMs, () => {
      this.#awaitExpiry(workers, this.#clock.monotonicMs());
      this.#onExpiry();
    });
  }
}

/** The workers that a manager's record lists as late. */
function lateWorkers(properties: Member["properties"]): readonly string[] {
  const names = properties[MEMBER_PROPERTIES.lateWorkers] ?? "";
  return names
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}
