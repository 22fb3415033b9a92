/** Members that a test sets, changes and takes away; handlers hear of it at once, as from a real membership. */
import type { ClusterEvents, Member, MemberUpdate } from "../../src/cluster/cluster.ts";
import { makeMember } from "./recording-cluster.ts";

type Handlers = { [Name in keyof ClusterEvents]: Set<ClusterEvents[Name]> };

export class SimulatedMembership {
  self: Member;
  readonly updates: MemberUpdate[] = [];
  readonly #others = new Map<string, Member>();
  readonly #handlers: Handlers = {
    joined: new Set(),
    left: new Set(),
    updated: new Set(),
    message: new Set(),
    trouble: new Set(),
  };

  constructor(self: Partial<Member> = {}) {
    this.self = makeMember({ id: "self", ...self });
  }

  members(): readonly Member[] {
    return [...this.#others.values(), this.self];
  }

  on<Name extends keyof ClusterEvents>(name: Name, handler: ClusterEvents[Name]): () => void {
    const handlers: Set<ClusterEvents[Name]> = this.#handlers[name];
    handlers.add(handler);
    return () => void handlers.delete(handler);
  }

  update(change: MemberUpdate): void {
    this.updates.push(change);
    this.self = { ...this.self, ...change };
  }

  /** Adds a member or changes it, by its name. */
  set(name: string, change: Partial<Member> = {}): void {
    const before = this.#others.get(name);
    const member = before ? { ...before, ...change } : makeMember({ id: name, name, ...change });
    this.#others.set(name, member);
    for (const handler of this.#handlers[before ? "updated" : "joined"]) handler(member);
  }

  remove(name: string): void {
    const member = this.#others.get(name);
    if (!member) return;
    this.#others.delete(name);
    for (const handler of this.#handlers.left) handler(member, "left");
  }

  /** A worker that offers plain HTTP at 10.0.0.NUMBER:8280. */
  worker(number: number, change: Partial<Member> = {}): void {
    const host = `10.0.0.${number}`;
    const hostNames = { name: "", hostname: host, domain: "", internalDomain: "" };
    const place = { host, hostNames: { ...hostNames, internalHostname: host } };
    const offers = { role: "worker", subDomain: "worker", ports: { http: 8280 } } as const;
    this.set(`worker-${number}`, { ...place, ...offers, ...change });
  }

  manager(revision: string | undefined, late = ""): void {
    this.set("manager", { role: "manager", revision, properties: { lateWorkers: late } });
  }
}
