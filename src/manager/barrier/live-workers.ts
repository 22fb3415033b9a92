/**
 * The workers that count in a deploy, each with the way to ask it: members of the role that are in membership at the moment of
 * asking, or the worker of the same process on a node that stands alone.
 */
import type { Cluster, Member } from "../../cluster/cluster.ts";
import type { RevisionStage } from "../../depsync/barrier/revision-stage.ts";

export interface LiveWorker {
  /** Of this start of the worker: another start is another worker. */
  readonly id: string;
  readonly name: string;
  readonly stage: RevisionStage;
}

export interface LiveWorkers {
  /** Who is there now. */
  list(): readonly LiveWorker[];
  /** Calls with the id of each worker that leaves; returns the function that ends it. */
  onLeft(handler: (id: string) => void): () => void;
}

/** The worker in the manager's own process; undefined while it has not started. */
export class OwnWorker implements LiveWorkers {
  readonly #name: string;
  readonly #own: () => RevisionStage | undefined;

  constructor(name: string, own: () => RevisionStage | undefined) {
    this.#name = name;
    this.#own = own;
  }

  list(): readonly LiveWorker[] {
    const stage = this.#own();
    return stage ? [{ id: this.#name, name: this.#name, stage }] : [];
  }

  onLeft(): () => void {
    return () => {};
  }

  close(): void {}
}

/** Whether a member counts: one that says that it leaves has left. */
export function isLiveWorker({ role, state }: Member): boolean {
  return role === "worker" && state !== "leaving";
}

/** Ways to one start of one worker, by the member's id; those of members that have gone are closed. */
export interface StageMaker {
  make(member: Member): RevisionStage & { close(): void };
}

export class ClusterWorkers implements LiveWorkers {
  readonly #cluster: Cluster;
  readonly #maker: StageMaker;
  readonly #made = new Map<string, ReturnType<StageMaker["make"]>>();
  readonly #handlers = new Set<(id: string) => void>();
  readonly #ends: readonly (() => void)[];

  constructor(cluster: Cluster, maker: StageMaker) {
    this.#cluster = cluster;
    this.#maker = maker;
    this.#ends = [
      cluster.on("left", ({ id }) => this.#gone(id)),
      // "leaving" is said before the member goes.
      cluster.on("updated", (member) => {
        if (member.role === "worker" && !isLiveWorker(member)) this.#gone(member.id);
      }),
    ];
  }

  list(): readonly LiveWorker[] {
    const members = this.#cluster.members().filter(isLiveWorker);
    return members.map((member) => ({
      id: member.id,
      name: member.name,
      stage: this.#stageOf(member),
    }));
  }

  onLeft(handler: (id: string) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  close(): void {
    for (const end of this.#ends) end();
    for (const stage of this.#made.values()) stage.close();
    this.#made.clear();
  }

  #stageOf(member: Member): RevisionStage {
    const made = this.#made.get(member.id) ?? this.#maker.make(member);
    this.#made.set(member.id, made);
    return made;
  }

  #gone(id: string): void {
    this.#made.get(id)?.close();
    this.#made.delete(id);
    for (const handler of this.#handlers) handler(id);
  }
}
