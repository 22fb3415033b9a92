/**
 * The jobs of one generation: made when it becomes the current one, started inbound endpoints first, stopped when the next
 * one takes over. One job that cannot start keeps no other from it, and neither does one whose predecessor is not over yet: only the
 * job of the same name waits for it.
 */
import { messageOf } from "../../errors/app-error.ts";
import type { ArtifactRegistry } from "../artifact-registry.ts";
import type { StoreSet } from "../stores/store-set.ts";
import { inboundEndpoint } from "./inbound-endpoint.ts";
import type { Job } from "./job.ts";
import type { JobWorld } from "./job-world.ts";
import { messageProcessor } from "./message-processor.ts";
import { task } from "./task.ts";

export class GenerationJobs {
  readonly #registry: ArtifactRegistry;
  readonly #world: JobWorld;
  readonly #stores: StoreSet;
  #jobs: readonly Job[] = [];
  #retired = false;

  constructor(registry: ArtifactRegistry, world: JobWorld, stores: StoreSet) {
    this.#registry = registry;
    this.#world = world;
    this.#stores = stores;
  }

  async activate(): Promise<void> {
    this.#forgetOthers();
    this.#jobs = this.#make();
    for (const job of this.#jobs) {
      const before = this.#world.memory.endingOf(job.name);
      if (before) void before.then(() => this.#start(job));
      else await this.#start(job);
    }
  }

  async retire(): Promise<void> {
    this.#retired = true;
    const endings = this.#jobs.map((job) => {
      const over = job.stop();
      this.#world.memory.noteEnding(job.name, over);
      return over;
    });
    await Promise.all(endings);
    await this.#stores.close();
  }

  async #start(job: Job): Promise<void> {
    if (this.#retired) return;
    try {
      await job.start();
    } catch (error) {
      this.#world.environment.log.error(`Cannot start ${job.name}: ${messageOf(error)}`);
    }
  }

  #make(): readonly Job[] {
    const { inboundEndpoints, processors, tasks } = this.#registry;
    const factories = [
      ...[...inboundEndpoints.values()].map(inboundEndpoint),
      ...[...processors.values()].map(messageProcessor),
      ...[...tasks.values()].map(task),
    ];
    return factories.map((factory) => factory(this.#world));
  }

  /** What is not deployed any more is not remembered. */
  #forgetOthers(): void {
    const { stores, processors, tasks } = this.#registry;
    const { memory, environment } = this.#world;
    memory.keepOnly(new Set(processors.keys()), new Set(tasks.keys()));
    const inMemory = [...stores.values()].filter(({ kind }) => kind === "memory");
    const gone = memory.queues.keepOnly(new Set(inMemory.map(({ name }) => name)));
    for (const [name, size] of gone)
      environment.log.warn(
        `The message store ${name} in memory is not deployed any more; its ${size} messages are dropped`,
      );
  }
}
