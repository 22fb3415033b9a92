/**
 * Message processors (ScheduledMessageProcessor): one or more members that look into a store on a schedule and hand what
 * they find to a handler: sampling or forwarding. A processor over a shared store runs on one node of the
 * cluster; one over a store in memory runs on every node. A processor that deactivates itself stays so until it is
 * deployed anew or the node starts.
 */
import { messageOf } from "../../errors/app-error.ts";
import { MediationFault } from "../mediation-fault.ts";
import type { MessageStore, StoreConsumer } from "../stores/message-store.ts";
import { isPinnedElsewhere } from "./pinned-servers.ts";
import { type Job, type JobGrant, SOLE_LEASE } from "./job.ts";
import type { JobFactory, JobWorld } from "./job-world.ts";
import { DOUBT_MS, type JobRun, LeasedJob } from "./leased-job.ts";
import { pause, pauseUntil } from "./pause.ts";
import type { QuartzCron } from "./quartz-cron.ts";

export interface ProcessorDefinition {
  readonly name: string;
  readonly store: string;
  /** Between two rounds, in milliseconds; not used with cron. */
  readonly intervalMs: number;
  readonly cron: QuartzCron | undefined;
  /** With cron: between two messages of a round. */
  readonly throttleMs: number;
  /** Members that work at the same time (member.count). */
  readonly members: number;
  readonly isActive: boolean;
  readonly pinnedServers: readonly string[];
  /** The artifact's text: tells whether it was deployed anew. */
  readonly source: string;
  readonly handler: HandlerFactory;
}

/** What a handler may use. */
export interface HandlerContext {
  readonly world: JobWorld;
  readonly definition: ProcessorDefinition;
  readonly consumer: StoreConsumer;
  /** Aborted when the processor stops. */
  readonly signal: AbortSignal;
  /** Whether the processor goes on and is this node's at this very moment: asked before each message is taken, and before it is sent. */
  readonly mayAct: () => boolean;
  /** Stops the processor for good. */
  readonly deactivate: () => void;
}

/** Does one member's rounds. */
export interface ProcessorHandler {
  /** One round. @returns false when the store was empty. @throws StoreFailure when it does not answer. */
  round(): Promise<boolean>;
  /** Resolves when what rounds began is over. */
  settled(): Promise<void>;
}

export type HandlerFactory = (context: HandlerContext) => ProcessorHandler;

/** A store that does not answer is asked again after this time at the soonest. */
const STORE_RETRY_MS = 3_000;
/** An empty store is looked into again after this time at the soonest, however short the interval. */
const EMPTY_RETRY_MS = 20;

export function messageProcessor(definition: ProcessorDefinition): JobFactory {
  return (world) => {
    const store = world.environment.store(definition.store);
    const lease = store?.isShared === true ? world.lease : SOLE_LEASE;
    const run = (grant: JobGrant): JobRun => new ProcessorRun(definition, world, grant);
    return gated(new LeasedJob(`message processor ${definition.name}`, lease, run), {
      definition,
      world,
    });
  };
}

/** A job that starts only where and when the processor may run. */
function gated(
  job: Job,
  parts: { readonly definition: ProcessorDefinition; readonly world: JobWorld },
): Job {
  return {
    name: job.name,
    start: () => (mayStart(parts.definition, parts.world) ? job.start() : Promise.resolve()),
    stop: () => job.stop(),
  };
}

function mayStart(definition: ProcessorDefinition, world: JobWorld): boolean {
  const { name, store, source, pinnedServers } = definition;
  const { log } = world.environment;
  if (!world.environment.store(store))
    throw new MediationFault(
      `Message processor ${name} has no message store: ${store} is not deployed`,
    );
  if (isPinnedElsewhere(pinnedServers, world.serverName)) {
    log.info(
      `Message processor '${name}' pinned on '${pinnedServers.join(" ")}' not starting on this server '${world.serverName}'`,
    );
    return false;
  }
  if (world.memory.isDeactivated(name, source)) {
    log.warn(
      `Message processor [${name}] stays deactivated: deploy it anew or restart the node to activate it`,
    );
    return false;
  }
  if (!definition.isActive) log.info(`Message processor [${name}] is not active (is.active)`);
  return definition.isActive;
}

class ProcessorRun implements JobRun {
  readonly #definition: ProcessorDefinition;
  readonly #world: JobWorld;
  readonly #grant: JobGrant;
  readonly #abort = new AbortController();
  readonly #members: readonly Promise<void>[];
  #silentStoreSaid = false;

  constructor(definition: ProcessorDefinition, world: JobWorld, grant: JobGrant) {
    this.#definition = definition;
    this.#world = world;
    this.#grant = grant;
    const store = world.environment.store(definition.store);
    const numbers = store ? Array.from({ length: definition.members }, (_, index) => index) : [];
    this.#members = store ? numbers.map((number) => this.#member(number, store)) : [];
    world.environment.log.info(`Started message processor. [${definition.name}].`);
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await Promise.all(this.#members);
  }

  async #member(number: number, store: MessageStore): Promise<void> {
    const { signal } = this.#abort;
    const consumer = store.consumer(`${this.#definition.name}:${number}`);
    const handler = this.#definition.handler({
      world: this.#world,
      definition: this.#definition,
      consumer,
      signal,
      mayAct: () => !signal.aborted && this.#grant.isHeld(),
      deactivate: () => this.#deactivate(),
    });
    // The engine goes on with its other jobs first.
    await Promise.resolve();
    while (!signal.aborted) await this.#turn(handler);
    await handler.settled();
    await consumer.release(this.#grant.isHeld());
  }

  async #turn(handler: ProcessorHandler): Promise<void> {
    const { cron, intervalMs } = this.#definition;
    const { clock } = this.#world.environment;
    const { signal } = this.#abort;
    if (!this.#grant.isHeld()) return pause(clock, DOUBT_MS, signal);
    if (cron) {
      const nextMs = cron.nextMs(clock.wallMs());
      if (nextMs === undefined) return this.#abort.abort();
      await pauseUntil(clock, nextMs, signal);
      while (!signal.aborted && (await this.#round(handler)))
        await pause(clock, this.#definition.throttleMs, signal);
      return;
    }
    const found = await this.#round(handler);
    const leastMs = found === true ? 0 : found === false ? EMPTY_RETRY_MS : STORE_RETRY_MS;
    await pause(clock, Math.max(intervalMs, leastMs), signal);
  }

  /** False also when the lease is in doubt; undefined when the store did not answer. */
  async #round(handler: ProcessorHandler): Promise<boolean | undefined> {
    if (!this.#grant.isHeld()) return false;
    const { log } = this.#world.environment;
    const { name, store } = this.#definition;
    try {
      const found = await handler.round();
      if (this.#silentStoreSaid) log.info(`Message store ${store} answers again [${name}]`);
      this.#silentStoreSaid = false;
      return found;
    } catch (error) {
      if (!this.#silentStoreSaid)
        log.error(`Message processor [${name}] cannot use its store: ${messageOf(error)}`);
      this.#silentStoreSaid = true;
      return undefined;
    }
  }

  #deactivate(): void {
    const { name, source } = this.#definition;
    this.#world.memory.deactivate(name, source);
    this.#abort.abort();
    this.#world.environment.log.info(
      `Successfully deactivated the message processor [${name}]. Deploy it anew or restart the node to activate it`,
    );
  }
}
