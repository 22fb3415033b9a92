/**
 * Tasks (TaskDescription, SimpleQuartzFactory): inject a message every so many seconds, so many times, once, or by a cron
 * expression; on one node of the cluster. A run does not wait for the one before it, up to RUNS_MAX. A deploy
 * that leaves the task as it is changes nothing of its rhythm.
 */
import { messageOf } from "../../errors/app-error.ts";
import { isPinnedElsewhere } from "./pinned-servers.ts";
import { type Job, type JobGrant, SOLE_LEASE } from "./job.ts";
import type { TaskProgress } from "./job-memory.ts";
import type { JobFactory, JobWorld } from "./job-world.ts";
import { DOUBT_MS, type JobRun, LeasedJob } from "./leased-job.ts";
import { injectMessage, type InjectorDefinition } from "./message-injector.ts";
import { pause, pauseUntil } from "./pause.ts";
import type { QuartzCron } from "./quartz-cron.ts";

/** The first run of a simple trigger is at once. */
export type Trigger =
  | {
      readonly kind: "simple";
      readonly intervalMs: number;
      /** Undefined: for ever. */
      readonly count: number | undefined;
    }
  | { readonly kind: "cron"; readonly cron: QuartzCron };

export interface TaskDefinition {
  readonly name: string;
  readonly trigger: Trigger;
  readonly pinnedServers: readonly string[];
  readonly injector: InjectorDefinition;
  /** The artifact's text: tells whether it was deployed anew. */
  readonly source: string;
}

/** Runs of one task that are on their way at once; further ones are left out. */
const RUNS_MAX = 100;

/** A node that gets the lease so long after the deploy takes over from another, which has run the task until now. */
const TAKEOVER_MS = 10_000;

export function task(definition: TaskDefinition): JobFactory {
  return (world) => {
    const { name, pinnedServers } = definition;
    // Each of the servers that a task is pinned to runs it.
    const lease = pinnedServers.length > 0 ? SOLE_LEASE : world.lease;
    const begin = (grant: JobGrant): JobRun => new TaskRun(definition, world, grant);
    const job = new LeasedJob(`task ${name}`, lease, begin);
    return { name: job.name, start: () => start(job, definition, world), stop: () => job.stop() };
  };
}

function start(job: Job, definition: TaskDefinition, world: JobWorld): Promise<void> {
  const { name, pinnedServers, source } = definition;
  world.memory.noteDeployed(name, source, world.environment.clock.wallMs());
  if (!isPinnedElsewhere(pinnedServers, world.serverName)) return job.start();
  world.environment.log.info(
    `Server name ${world.serverName} not in pinned servers list. Not starting Task : ${name}`,
  );
  return Promise.resolve();
}

class TaskRun implements JobRun {
  readonly #definition: TaskDefinition;
  readonly #world: JobWorld;
  readonly #grant: JobGrant;
  readonly #abort = new AbortController();
  readonly #loop: Promise<void>;
  readonly #onTheirWay = new Set<Promise<void>>();
  #progress: TaskProgress;

  constructor(definition: TaskDefinition, world: JobWorld, grant: JobGrant) {
    this.#definition = definition;
    this.#world = world;
    this.#grant = grant;
    this.#progress = firstProgress(definition, world);
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#loop;
    await Promise.all(this.#onTheirWay);
  }

  async #run(): Promise<void> {
    const { clock } = this.#world.environment;
    const { signal } = this.#abort;
    const { trigger, name, source } = this.#definition;
    while (!signal.aborted && !isOver(trigger, this.#progress)) {
      await pauseUntil(clock, this.#progress.nextMs, signal);
      if (!(await this.#isDue())) return;
      this.#fire();
      this.#progress = nextProgress(trigger, this.#progress, clock.wallMs());
      this.#world.memory.noteProgress(name, source, this.#progress);
    }
  }

  /** Whether the task is still this node's; a node that stood still must not run what another has run meanwhile. */
  async #isDue(): Promise<boolean> {
    const { clock } = this.#world.environment;
    const { signal } = this.#abort;
    while (!signal.aborted && !this.#grant.isHeld()) await pause(clock, DOUBT_MS, signal);
    return !signal.aborted;
  }

  #fire(): void {
    const { name, injector } = this.#definition;
    const { log } = this.#world.environment;
    if (this.#onTheirWay.size >= RUNS_MAX) {
      log.warn(`Task ${name} is left out once: ${RUNS_MAX} of its runs are not over yet`);
      return;
    }
    const work = injectMessage(injector, this.#world).catch((error: unknown) =>
      log.error(`Task ${name} failed: ${messageOf(error)}`),
    );
    this.#onTheirWay.add(work);
    void work.finally(() => this.#onTheirWay.delete(work));
  }
}

function isOver(trigger: Trigger, { fired, nextMs }: TaskProgress): boolean {
  if (!Number.isFinite(nextMs)) return true;
  return trigger.kind === "simple" && trigger.count !== undefined && fired >= trigger.count;
}

/** Runs that were missed are left out; the rhythm stays. */
function nextProgress(
  trigger: Trigger,
  { fired, nextMs }: TaskProgress,
  nowMs: number,
): TaskProgress {
  if (trigger.kind === "cron")
    return { fired: fired + 1, nextMs: trigger.cron.nextMs(nowMs) ?? Infinity };
  const missed = Math.max(0, Math.floor((nowMs - nextMs) / trigger.intervalMs));
  return { fired: fired + 1, nextMs: nextMs + (missed + 1) * trigger.intervalMs };
}

function firstProgress({ name, source, trigger }: TaskDefinition, world: JobWorld): TaskProgress {
  const nowMs = world.environment.clock.wallMs();
  if (trigger.kind === "cron") return { fired: 0, nextMs: trigger.cron.nextMs(nowMs) ?? Infinity };
  const known = world.memory.progressOf(name, source);
  if (known) return { ...known, nextMs: Math.max(known.nextMs, nowMs) };
  const deployedMs = world.memory.deployedMs(name, source) ?? nowMs;
  if (nowMs - deployedMs < TAKEOVER_MS) return { fired: 0, nextMs: nowMs };
  const fired = Math.floor((nowMs - deployedMs) / trigger.intervalMs) + 1;
  return { fired, nextMs: deployedMs + fired * trigger.intervalMs };
}
