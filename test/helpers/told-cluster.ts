/** A membership whose members a test changes while events go out, for what waits for other members. */
import type {
  ClusterEvents,
  ClusterMessage,
  LeaveReason,
  Member,
  MemberUpdate,
} from "../../src/cluster/cluster.ts";
import { makeMember, RecordingCluster } from "./recording-cluster.ts";

type Handlers = { [Name in keyof ClusterEvents]: Set<ClusterEvents[Name]> };

export class ToldCluster extends RecordingCluster {
  readonly #others = new Map<string, Member>();
  readonly #handlers: Handlers = {
    joined: new Set(),
    left: new Set(),
    updated: new Set(),
    message: new Set(),
    trouble: new Set(),
  };
  /** Own changes, in order. */
  readonly updates: MemberUpdate[] = [];

  override members(): readonly Member[] {
    return [this.self, ...this.#others.values()];
  }

  override on<Name extends keyof ClusterEvents>(
    event?: Name,
    handler?: ClusterEvents[Name],
  ): () => void {
    if (event === undefined || handler === undefined) return () => {};
    const handlers: Set<ClusterEvents[Name]> = this.#handlers[event];
    handlers.add(handler);
    return () => handlers.delete(handler);
  }

  override update(change: MemberUpdate): void {
    this.updates.push(change);
    super.update(change);
  }

  override broadcast(topic: string, body: ClusterMessage["body"]): ClusterMessage {
    return super.broadcast(topic, body);
  }

  /** A member joins, or its record changes. */
  tell(given: Partial<Member> & { readonly id: string }): Member {
    const before = this.#others.get(given.id);
    const member = { ...(before ?? makeMember()), ...given };
    this.#others.set(member.id, member);
    for (const handler of this.#handlers[before ? "updated" : "joined"]) handler(member);
    return member;
  }

  leave(id: string, reason: LeaveReason = "left"): void {
    const member = this.#others.get(id);
    this.#others.delete(id);
    if (member) for (const handler of this.#handlers.left) handler(member, reason);
  }
}
