/**
 * The workers that drain, stop or restart on an admin's word, and a rolling restart of all: the manager keeps at it, whoever
 * asked may go away. State is in memory: a manager that starts again knows nothing of it, and a worker that drained
 * then goes on draining, visibly, until it is resumed. Called by the API; `bascule status` shows what it says.
 */
import type { Cluster, Member } from "../../cluster/cluster.ts";
import { MEMBER_PROPERTIES } from "../../cluster/member-properties.ts";
import { AppError } from "../../errors/app-error.ts";
import type { Log } from "../../observability/log.ts";
import type { Clock, Timer } from "../../runtime/clock.ts";
import type { Closable } from "../../runtime/lifecycle.ts";
import type { NodeDirectory } from "../relay/node-directory.ts";
import type { RelayedNode } from "../relay/node-relay.ts";
import { describeDrain, type DrainView } from "./drain-view.ts";
import { NodeDrain } from "./node-drain.ts";
import { RollingRestart, type RollingView } from "./rolling-restart.ts";
import type { DrainGoal, WorkerDoor } from "./worker-door.ts";

/** How often membership is looked at while something is under way. */
const LOOK_MS = 250;
/** How long an end can still be read. */
const KEPT_MS = 10 * 60_000;
/** Nodes that are remembered, at most; those that ended first are forgotten first. */
const KEPT_MAX = 100;

export interface DrainingOptions {
  /** Undefined: clustering is off, nothing can be drained. */
  readonly cluster: Cluster | undefined;
  readonly directory: Pick<NodeDirectory, "find">;
  readonly door: WorkerDoor;
  /** How long sessions may keep a node where nobody says otherwise. */
  readonly drainTimeMs: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Called when what `describe` says may have changed. */
  readonly onChange?: () => void;
}

export interface DrainOrder {
  readonly goal: DrainGoal;
  /** Undefined: the configured time. */
  readonly deadlineMs: number | undefined;
  /** Also where no other worker would take new sessions. */
  readonly isForced: boolean;
  readonly by: string;
}

export class Draining implements Closable {
  readonly #options: DrainingOptions;
  readonly #drains = new Map<string, NodeDrain>();
  #rolling: RollingRestart | undefined;
  #timer: Timer | undefined;
  #said = "";

  constructor(options: DrainingOptions) {
    this.#options = options;
  }

  /**
   * Resolves when the worker drains. One that drains already gets the new goal and deadline.
   * @throws AppError RESOURCE_UNKNOWN, REQUEST_INVALID, NODE_UNREACHABLE; the node is as it was.
   */
  async drain(name: string, order: DrainOrder): Promise<DrainView> {
    const { log, drainTimeMs, door, clock } = this.#options;
    const { node, member, cluster } = this.#find(name);
    if (order.goal === "restart") requireSupervisor([member]);
    if (!order.isForced) requireAnother(member, cluster.members());
    const { goal, by, deadlineMs = drainTimeMs } = order;
    const parts = { cluster, door, clock, log, node, id: member.id };
    const drain = await NodeDrain.start({ ...parts, goal, by, deadlineMs });
    log.info(`${name} drains for ${by}, at most ${deadlineMs / 1000} s, then: ${goal}`);
    this.#drains.delete(node.name);
    this.#drains.set(node.name, drain);
    this.#begin();
    return drain.view();
  }

  /** The worker takes new sessions again; a rolling restart that had come to it ends. @throws as `drain`. */
  async resume(name: string, by: string): Promise<DrainView | undefined> {
    const { door, log } = this.#options;
    const { node } = this.#find(name);
    const drain = this.#drains.get(node.name);
    if (drain && !drain.isOver) await drain.resume();
    else await door.resume(node);
    log.info(`${name} was resumed by ${by}`);
    this.#look();
    return drain?.view();
  }

  /**
   * Restarts all workers that are active, one after the other; the first one drains when this resolves.
   * @throws AppError REQUEST_INVALID, NODE_UNREACHABLE.
   */
  async restartAll(order: Omit<DrainOrder, "goal">): Promise<RollingView> {
    if (this.#rolling && !this.#rolling.isOver)
      throw refused("a rolling restart is under way; `bascule status` shows it");
    const workers = this.#activeWorkers();
    requireSupervisor(workers);
    const names = workers.map((member) => member.name);
    const rolling = new RollingRestart(names, order.by, {
      restart: (name) => this.drain(name, { ...order, goal: "restart" }),
      viewOf: (name) => this.view(name),
      clock: this.#options.clock,
      log: this.#options.log,
    });
    this.#rolling = rolling;
    await rolling.begin();
    this.#begin();
    return rolling.view();
  }

  /** Undefined: the manager knows of nothing that was done to it. */
  view(name: string): DrainView | undefined {
    return this.#drains.get(name)?.view();
  }

  get views(): readonly DrainView[] {
    return [...this.#drains.values()].map((drain) => drain.view());
  }

  get rolling(): RollingView | undefined {
    return this.#rolling?.view();
  }

  /** What is under way, a sentence each; empty: nothing. */
  describe(): readonly string[] {
    const rolling = this.#rolling;
    const drains = [...this.#drains.values()].filter(({ isOver }) => !isOver);
    return [
      ...(rolling && (!rolling.isOver || rolling.hasFailed) ? [rolling.describe()] : []),
      ...drains.map((drain) => describeDrain(drain.view())),
    ];
  }

  close(): Promise<void> {
    this.#timer?.cancel();
    return Promise.resolve();
  }

  #begin(): void {
    this.#timer ??= this.#options.clock.every(LOOK_MS, () => this.#look());
    this.#look();
  }

  #look(): void {
    for (const drain of this.#drains.values()) drain.look();
    this.#rolling?.look();
    this.#forget();
    const said = this.describe().join("\n");
    if (said === this.#said) return;
    this.#said = said;
    this.#options.onChange?.();
  }

  #forget(): void {
    const nowMs = this.#options.clock.monotonicMs();
    for (const [name, drain] of this.#drains) {
      const isOld = drain.isOver && nowMs - drain.phaseMs > KEPT_MS;
      if (isOld || (drain.isOver && this.#drains.size > KEPT_MAX)) this.#drains.delete(name);
    }
    if (this.#drains.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #activeWorkers(): readonly Member[] {
    const workers = this.#cluster()
      .members()
      .filter(({ role }) => role === "worker");
    const draining = workers.filter(({ state }) => state === "draining");
    if (draining.length > 0) {
      const names = draining.map(({ name }) => name).join(", ");
      throw refused(`${names} drains already: resume it first, then restart all`);
    }
    const active = workers.filter(({ state }) => state === "active");
    if (active.length === 0) throw refused("no worker is active");
    return active;
  }

  #find(name: string): { node: RelayedNode; member: Member; cluster: Cluster } {
    const cluster = this.#cluster();
    const node = this.#options.directory.find(name);
    if (node.kind === "itself") throw refused(`${name} is a manager: only workers are drained`);
    const isIt = ({ name: its, host, ports }: Member): boolean =>
      its === node.name && host === node.host && ports.management === node.port;
    const member = cluster.members().find(isIt);
    if (member) return { node, member, cluster };
    throw new AppError("RESOURCE_UNKNOWN", `there is no node ${name}`, { side: "downstream" });
  }

  #cluster(): Cluster {
    const { cluster } = this.#options;
    if (cluster) return cluster;
    throw refused(
      "clustering is off: this node is the only one, and has nobody to leave its sessions to",
    );
  }
}

function requireSupervisor(members: readonly Member[]): void {
  const alone = members.filter(({ properties }) => !properties[MEMBER_PROPERTIES.supervisor]);
  if (alone.length === 0) return;
  const names = alone.map(({ name }) => name).join(", ");
  throw refused(
    `nothing would start ${names} again: start it by \`bascule up\` or systemd, set BASCULE_SUPERVISOR where another supervisor does it, or use \`bascule drain --stop\` and start it by hand`,
  );
}

function requireAnother(member: Member, members: readonly Member[]): void {
  const takesNew = ({ id, role, state, subDomain }: Member): boolean =>
    role === "worker" && state === "active" && subDomain === member.subDomain && id !== member.id;
  if (members.some(takesNew)) return;
  throw refused(
    `no other worker of the sub-domain ${member.subDomain} is active: without ${member.name} new clients would be refused; --force does it all the same`,
  );
}

function refused(message: string): AppError {
  return new AppError("REQUEST_INVALID", message, { side: "downstream" });
}
