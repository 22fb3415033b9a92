/**
 * Which workers run what the cluster has made live. The live revision is the one that the manager's record tells (of the
 * oldest manager that tells one), and the last known one while no manager is there. A worker on another one is "behind"
 * after a grace, for workers switch one after the other and gateways hear of them in any order; one that the manager
 * lists as late is behind at once, and so is one that joins, which may be a worker that was missed for a moment and has
 * missed the switch. Called by the member directory; what follows for peers is in `rotation.ts`.
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

interface Known {
  readonly revision: string | undefined;
  /** Monotonic: when live or its own revision has changed last since it is there; none has: long ago. */
  readonly changedMs: number;
}

export class LiveRevision {
  readonly #clock: Clock;
  readonly #onExpiry: () => void;
  #live: string | undefined;
  #late: ReadonlySet<string> = new Set();
  #known: ReadonlyMap<string, Known> = new Map();
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
    const before = this.#live;
    if (manager) this.#hear(manager);
    const isChanged = this.#live !== before;
    const workers = members.filter(({ role }) => role === "worker");
    this.#known = new Map(
      workers.map((member) => [member.id, this.#knownOf(member, isChanged, nowMs)]),
    );
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

  #hear({ revision, properties }: Member): void {
    this.#late = new Set(lateWorkers(properties));
    this.#live = revision;
  }

  #knownOf({ id, revision }: Member, isLiveChanged: boolean, nowMs: number): Known {
    const before = this.#known.get(id);
    if (!before) return { revision, changedMs: Number.NEGATIVE_INFINITY };
    const isSame = !isLiveChanged && before.revision === revision;
    return isSame ? before : { revision, changedMs: nowMs };
  }

  #graceEndMs({ id }: Member): number {
    return (this.#known.get(id)?.changedMs ?? Number.NEGATIVE_INFINITY) + GRACE_MS;
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
