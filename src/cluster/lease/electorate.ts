/**
 * Who grants leases and how many of them make a majority: of the registered members where some are registered, else of
 * the largest view that this node has seen. Members are counted by name, because their ids change with each start.
 */
import type { Member, Membership } from "../cluster.ts";
import type { RegisteredMembers } from "../lease.ts";

/** Names that are remembered without registration; beyond, those that are not there are forgotten. */
const NAMES_MAX = 1_000;

export class Electorate {
  readonly #membership: Membership;
  readonly #registered: RegisteredMembers;
  readonly #names = new Set<string>();
  readonly #unsubscribe: readonly (() => void)[];

  constructor(membership: Membership, registered: RegisteredMembers) {
    this.#membership = membership;
    this.#registered = registered;
    for (const { name } of membership.members()) this.#names.add(name);
    this.#unsubscribe = [
      membership.on("joined", ({ name }) => this.#add(name)),
      // Who said farewell, or may not come back, is not waited for.
      membership.on("left", ({ name }, reason) => {
        if (reason === "left" || reason === "refused") this.#names.delete(name);
      }),
    ];
  }

  /** The live members that may grant, this node included where it may: one for each name. */
  grantors(): readonly Member[] {
    const byName = new Map<string, Member>();
    for (const member of this.#membership.members()) {
      if (this.#isEntitled(member)) byName.set(member.name, member);
    }
    return [...byName.values()];
  }

  /** How many grants make a majority. */
  get majority(): number {
    return Math.floor(this.#count / 2) + 1;
  }

  close(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
  }

  get #count(): number {
    const registered = this.#registered;
    if (typeof registered === "object") return new Set(registered).size;
    // More members than registered must not make two majorities.
    const seen = Math.max(this.#names.size, this.grantors().length);
    return Math.max(registered ?? 0, seen);
  }

  #isEntitled({ name }: Member): boolean {
    return typeof this.#registered !== "object" || this.#registered.includes(name);
  }

  #add(name: string): void {
    this.#names.add(name);
    if (this.#names.size <= NAMES_MAX) return;
    const live = new Set(this.#membership.members().map((member) => member.name));
    for (const known of this.#names) if (!live.has(known)) this.#names.delete(known);
  }
}
