/**
 * One worker on its way out of the rotation: it drains until no session is bound to it or the deadline is over, then stays,
 * stops, or restarts and is awaited. A state machine that looks at membership; `draining.ts` lets it look.
 */
import type { Cluster, Member } from "../../cluster/cluster.ts";
import { messageOf } from "../../errors/app-error.ts";
import type { Log } from "../../observability/log.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { RelayedNode } from "../relay/node-relay.ts";
import { boundTo } from "./bound-to.ts";
import { type DrainPhase, type DrainView, isOver } from "./drain-view.ts";
import type { DrainGoal, WorkerDoor } from "./worker-door.ts";

/** Gateways hear of a draining worker and count within this time; sessions that are about to begin are counted too. */
const SETTLE_MS = 1_500;
/** A worker that ends finishes its requests first. */
export const END_MS_MAX = 120_000;
/** Between two orders to end that it did not take. */
const RETRY_MS = 5_000;
/** From its end until it is active on the live revision again. */
export const RETURN_MS_MAX = 120_000;

export interface NodeDrainOptions {
  readonly cluster: Pick<Cluster, "members">;
  readonly door: WorkerDoor;
  readonly clock: Clock;
  readonly log: Log;
  readonly node: RelayedNode;
  /** Of this start of the worker. */
  readonly id: string;
  readonly goal: DrainGoal;
  readonly deadlineMs: number;
  /** Who asked for it. */
  readonly by: string;
}

export class NodeDrain {
  readonly #options: NodeDrainOptions;
  readonly #startedMs: number;
  readonly #startedWallMs: number;
  #phase: DrainPhase = "draining";
  #phaseMs: number;
  #reason: string | undefined;
  /** Not before is it told again to end. */
  #retryMs = 0;

  private constructor(options: NodeDrainOptions) {
    this.#options = options;
    this.#startedMs = options.clock.monotonicMs();
    this.#startedWallMs = options.clock.wallMs();
    this.#phaseMs = this.#startedMs;
  }

  /** Resolves when the worker drains. @throws AppError NODE_UNREACHABLE. */
  static async start(options: NodeDrainOptions): Promise<NodeDrain> {
    const { door, node, deadlineMs, goal } = options;
    // The worker keeps the deadline by itself, so that it holds when this manager is gone.
    await door.drain(node, { deadlineMs, goal });
    return new NodeDrain(options);
  }

  get isOver(): boolean {
    return isOver(this.#phase);
  }

  get phase(): DrainPhase {
    return this.#phase;
  }

  /** Monotonic milliseconds since when it is in its phase. */
  get phaseMs(): number {
    return this.#phaseMs;
  }

  view(): DrainView {
    const { node, goal, by, clock, cluster, deadlineMs } = this.#options;
    const leftMs = this.#startedMs + deadlineMs - clock.monotonicMs();
    return {
      name: node.name,
      phase: this.#phase,
      goal,
      ...boundTo(node.name, cluster.members()),
      by,
      startedAt: new Date(this.#startedWallMs).toISOString(),
      deadlineAt: new Date(this.#startedWallMs + deadlineMs).toISOString(),
      secondsLeft: Math.max(0, Math.ceil(leftMs / 1000)),
      reason: this.#reason ?? null,
    };
  }

  /** Looks whether it can go on; to be called often. */
  look(): void {
    switch (this.#phase) {
      case "draining":
        this.#lookDraining();
        return;
      case "drained":
        if (!this.#member()) this.#enter("stopped", "it has left the cluster");
        return;
      case "ending":
        this.#lookEnding();
        return;
      case "returning":
        this.#lookReturning();
        return;
      case "stopped":
      case "restarted":
      case "resumed":
      case "failed":
        return;
    }
  }

  /** It takes new sessions again. @throws AppError NODE_UNREACHABLE. */
  async resume(): Promise<void> {
    const { door, node } = this.#options;
    await door.resume(node);
    this.#enter("resumed");
  }

  #lookDraining(): void {
    const { cluster, clock, node, deadlineMs } = this.#options;
    if (!this.#member()) {
      this.#onGone();
      return;
    }
    const runMs = clock.monotonicMs() - this.#startedMs;
    const { sessions, isComplete } = boundTo(node.name, cluster.members());
    const isFree = sessions === 0 && isComplete && runMs >= SETTLE_MS;
    if ((!isFree && runMs < deadlineMs) || clock.monotonicMs() < this.#retryMs) return;
    if (this.#options.goal === "stay") this.#enter("drained");
    else void this.#end(isFree ? undefined : `its deadline was over with ${sessions} sessions`);
  }

  async #end(reason: string | undefined): Promise<void> {
    const { door, node, goal } = this.#options;
    this.#enter("ending", reason);
    try {
      await door.drain(node, { deadlineMs: 0, goal });
    } catch (error) {
      this.#onDeaf(messageOf(error));
    }
  }

  /** It may have ended before its answer was out, which membership tells; otherwise it is asked again for a while. */
  #onDeaf(reason: string): void {
    const { clock, deadlineMs } = this.#options;
    const nowMs = clock.monotonicMs();
    if (!this.#member()) return;
    if (nowMs - this.#startedMs >= deadlineMs + END_MS_MAX) this.#enter("failed", reason);
    else this.#enter("draining", reason);
    this.#retryMs = nowMs + RETRY_MS;
  }

  #lookEnding(): void {
    if (!this.#member()) this.#onGone();
    else if (this.#isLate(END_MS_MAX))
      this.#enter("failed", `it has not ended${this.#reason ? `: ${this.#reason}` : ""}`);
  }

  #onGone(): void {
    const { goal } = this.#options;
    if (goal === "stay") this.#enter("failed", "it left the cluster while it drained");
    else this.#enter(goal === "restart" ? "returning" : "stopped", this.#reason);
  }

  #lookReturning(): void {
    const { cluster, node } = this.#options;
    const members = cluster.members();
    const manager = members.find(
      ({ role, revision }) => role === "manager" && revision !== undefined,
    );
    const back = members.find(({ name, role }) => name === node.name && role === "worker");
    const isOnLive = manager === undefined || back?.revision === manager.revision;
    if (back?.state === "active" && isOnLive) this.#enter("restarted");
    else if (this.#isLate(RETURN_MS_MAX)) this.#enter("failed", notBack(back, manager));
  }

  #member(): Member | undefined {
    return this.#options.cluster.members().find(({ id }) => id === this.#options.id);
  }

  #isLate(msMax: number): boolean {
    return this.#options.clock.monotonicMs() - this.#phaseMs >= msMax;
  }

  #enter(phase: DrainPhase, reason?: string): void {
    const { log, clock, node } = this.#options;
    this.#phase = phase;
    this.#phaseMs = clock.monotonicMs();
    this.#reason = reason;
    const sentence = `${node.name} is ${phase}${reason === undefined ? "" : `: ${reason}`}`;
    if (phase === "failed") log.error(sentence);
    else log.info(sentence);
  }
}

function notBack(back: Member | undefined, manager: Member | undefined): string {
  const within = `within ${RETURN_MS_MAX / 1000} s`;
  if (!back) return `it did not come back ${within}: look at its supervisor and its log`;
  if (back.state !== "active") return `it is ${back.state} and was not active ${within}`;
  const [its, live] = [back.revision, manager?.revision].map((id) => id?.slice(0, 12) ?? "none");
  return `it runs ${its} and not the live revision ${live} ${within}`;
}
