/**
 * What jobs know beyond their generation: queues of stores in memory, processors that have deactivated themselves, how
 * far tasks have come, and which jobs of the last generation are not over yet. A node keeps one for all its generations. What was remembered of an artifact
 * counts as long as its text is the same: whoever deploys it anew starts it anew.
 */
import { MemoryQueues } from "../stores/memory-store.ts";

/** How far a task has come. */
export interface TaskProgress {
  readonly fired: number;
  /** Wall time of the next run, in milliseconds since 1970. */
  readonly nextMs: number;
}

interface Remembered<Fact> {
  readonly source: string;
  readonly fact: Fact;
}

export class JobMemory {
  readonly queues = new MemoryQueues();
  readonly #deactivated = new Map<string, Remembered<true>>();
  readonly #progress = new Map<string, Remembered<TaskProgress>>();
  /** Wall times of the first activation. */
  readonly #deployed = new Map<string, Remembered<number>>();

  readonly #endings = new Map<string, Promise<void>>();

  /** A job of a generation that was replaced still ends what it began. */
  noteEnding(job: string, over: Promise<void>): void {
    const ending = Promise.allSettled([this.#endings.get(job), over]).then(() => undefined);
    this.#endings.set(job, ending);
    void ending.finally(() => {
      if (this.#endings.get(job) === ending) this.#endings.delete(job);
    });
  }

  /** What the job of that name in the next generation has to wait for; undefined: nothing. */
  endingOf(job: string): Promise<void> | undefined {
    return this.#endings.get(job);
  }

  /** A processor gives up until it is deployed anew or the node starts. `source` is its text. */
  deactivate(processor: string, source: string): void {
    this.#deactivated.set(processor, { source, fact: true });
  }

  isDeactivated(processor: string, source: string): boolean {
    return this.#deactivated.get(processor)?.source === source;
  }

  noteProgress(task: string, source: string, progress: TaskProgress): void {
    this.#progress.set(task, { source, fact: progress });
  }

  progressOf(task: string, source: string): TaskProgress | undefined {
    const known = this.#progress.get(task);
    return known?.source === source ? known.fact : undefined;
  }

  /** A task of that text runs in the cluster from now on; a second call changes nothing. */
  noteDeployed(task: string, source: string, wallMs: number): void {
    if (this.#deployed.get(task)?.source !== source)
      this.#deployed.set(task, { source, fact: wallMs });
  }

  deployedMs(task: string, source: string): number | undefined {
    const known = this.#deployed.get(task);
    return known?.source === source ? known.fact : undefined;
  }

  /** Forgets artifacts that are not deployed any more. */
  keepOnly(processors: ReadonlySet<string>, tasks: ReadonlySet<string>): void {
    forget(this.#deactivated, processors);
    forget(this.#progress, tasks);
    forget(this.#deployed, tasks);
  }
}

function forget(facts: Map<string, unknown>, kept: ReadonlySet<string>): void {
  for (const name of facts.keys()) if (!kept.has(name)) facts.delete(name);
}
