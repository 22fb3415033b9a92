/**
 * Workers that do not run the live revision although the cluster has switched: left out, joined meanwhile, or ready and then
 * silent. Their names stand in the manager's member record, so that gateways send them nothing, until they have caught
 * up or left.
 */
import type { Cluster, Member } from "../../cluster/cluster.ts";
import { MEMBER_PROPERTIES } from "../../cluster/member-properties.ts";
import type { Closable } from "../../runtime/lifecycle.ts";
import { isLiveWorker } from "./live-workers.ts";

/** The names must fit into a member record. */
const NAMES_MAX = 50;

type Membership = Pick<Cluster, "self" | "members" | "on" | "update">;

export class LateWorkers implements Closable {
  readonly #cluster: Membership;
  readonly #late = new Set<string>();
  readonly #ends: readonly (() => void)[];
  #live: string | undefined;

  constructor(cluster: Membership) {
    this.#cluster = cluster;
    const look = (): void => this.#look();
    this.#ends = [
      cluster.on("updated", look),
      cluster.on("left", look),
      cluster.on("joined", look),
    ];
  }

  /** What is live from now on: everybody who does not run it is looked at anew. `names` are late from the start. */
  begin(live: string, names: readonly string[]): void {
    this.#live = live;
    this.#late.clear();
    this.#take(names);
    this.#tell({ revision: live });
  }

  /** More are late. */
  add(names: readonly string[]): void {
    this.#take(names);
    this.#tell({});
  }

  get names(): readonly string[] {
    return [...this.#late];
  }

  close(): Promise<void> {
    for (const end of this.#ends) end();
    return Promise.resolve();
  }

  #take(names: readonly string[]): void {
    for (const name of names) if (this.#isBehind(name)) this.#late.add(name);
  }

  #look(): void {
    const before = this.#late.size;
    for (const name of this.#late) if (!this.#isBehind(name)) this.#late.delete(name);
    if (this.#late.size !== before) this.#tell({});
  }

  #isBehind(name: string): boolean {
    const isIt = (member: Member): boolean => member.name === name && isLiveWorker(member);
    return this.#cluster.members().some((one) => isIt(one) && one.revision !== this.#live);
  }

  #tell(change: { readonly revision?: string }): void {
    const names = [...this.#late].slice(0, NAMES_MAX).join(",");
    const { properties } = this.#cluster.self;
    const isSame = (properties[MEMBER_PROPERTIES.lateWorkers] ?? "") === names;
    if (isSame && change.revision === undefined) return;
    const told = isSame ? properties : { ...properties, [MEMBER_PROPERTIES.lateWorkers]: names };
    this.#cluster.update({ ...change, properties: told });
  }
}
