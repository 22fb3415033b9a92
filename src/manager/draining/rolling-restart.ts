/**
 * All workers restarted one after the other: the next one begins to drain when the one before is active on the live revision
 * again. It ends at the first that fails, that somebody resumes, or that cannot be drained; the others are left alone.
 */
import { messageOf } from "../../errors/app-error.ts";
import type { Log } from "../../observability/log.ts";
import type { Clock } from "../../runtime/clock.ts";
import { type DrainView, isOver } from "./drain-view.ts";

/** Between the return of a node and the next one's drain. */
const PAUSE_MS = 2_000;

export interface RollingView {
  readonly phase: "running" | "done" | "failed";
  /** In the order in which they are restarted. */
  readonly nodes: readonly string[];
  /** How many of them are back. */
  readonly done: number;
  /** The one that it is about; null: none any more. */
  readonly current: string | null;
  readonly by: string;
  readonly startedAt: string;
  readonly reason: string | null;
}

export interface RollingPorts {
  /** Rejects with an AppError when the node cannot be drained. */
  readonly restart: (name: string) => Promise<DrainView>;
  readonly viewOf: (name: string) => DrainView | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

export class RollingRestart {
  readonly #names: readonly string[];
  readonly #by: string;
  readonly #ports: RollingPorts;
  readonly #startedAt: string;
  #phase: RollingView["phase"] = "running";
  #done = 0;
  /** The present node was asked to drain and its answer is awaited. */
  #isAsking = false;
  #reason: string | null = null;
  /** Since when the present node is back. */
  #backMs: number | undefined;

  constructor(names: readonly string[], by: string, ports: RollingPorts) {
    this.#names = names;
    this.#by = by;
    this.#ports = ports;
    this.#startedAt = new Date(ports.clock.wallMs()).toISOString();
  }

  get isOver(): boolean {
    return this.#phase !== "running";
  }

  get hasFailed(): boolean {
    return this.#phase === "failed";
  }

  /** Resolves when the first node drains. @throws what the drain throws; the restart is over then. */
  async begin(): Promise<void> {
    await this.#restart(this.#names[0] ?? "");
  }

  /** To be called after the drains have looked. */
  look(): void {
    const current = this.#current;
    if (this.isOver || this.#isAsking || current === undefined) return;
    const view = this.#ports.viewOf(current);
    if (!view) this.#fail(`nothing is known of ${current} any more`);
    else if (view.phase === "restarted") this.#onReturn(current);
    else if (isOver(view.phase)) this.#fail(`${current}: ${view.reason ?? `it was ${view.phase}`}`);
  }

  view(): RollingView {
    return {
      phase: this.#phase,
      nodes: this.#names,
      done: this.#done,
      current: this.isOver ? null : (this.#current ?? null),
      by: this.#by,
      startedAt: this.#startedAt,
      reason: this.#reason,
    };
  }

  describe(): string {
    const progress = `${this.#done} of ${this.#names.length} workers are back`;
    if (this.#phase === "failed")
      return `the rolling restart has ended: ${this.#reason ?? ""}; ${progress}`;
    return `rolling restart: ${progress}${this.#current === undefined ? "" : `, now ${this.#current}`}`;
  }

  get #current(): string | undefined {
    return this.#names[this.#done];
  }

  /** The pause lets every gateway hear that it is back before the next one takes no new sessions any more. */
  #onReturn(name: string): void {
    const { clock, log } = this.#ports;
    this.#backMs ??= clock.monotonicMs();
    if (clock.monotonicMs() - this.#backMs < PAUSE_MS) return;
    this.#backMs = undefined;
    this.#done++;
    log.info(`${name} is back, ${this.#done} of ${this.#names.length}`);
    if (this.#current === undefined) this.#phase = "done";
    // What goes wrong is kept in the view.
    else this.#restart(this.#current).catch(() => {});
  }

  async #restart(name: string): Promise<void> {
    this.#isAsking = true;
    try {
      await this.#ports.restart(name);
    } catch (error) {
      this.#fail(`${name}: ${messageOf(error)}`);
      throw error;
    } finally {
      this.#isAsking = false;
    }
  }

  #fail(reason: string): void {
    this.#phase = "failed";
    this.#reason = reason;
    this.#ports.log.error(`The rolling restart has ended: ${reason}`);
  }
}
