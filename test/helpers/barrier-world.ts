/**
 * A manager's deployments with fake workers, over stores that outlive it: a repository and a journal in memory. `start` makes a
 * manager; one that is stopped in the middle of a step is "killed": nothing of it goes on, and the next one is started over
 * the same stores. The workers keep what they run, as processes of their own would.
 */
import type {
  OutcomesAnswer,
  RevisionStage,
  StageAnswer,
  StageRequest,
  SwitchAnswer,
} from "../../src/depsync/barrier/revision-stage.ts";
import { AppError } from "../../src/errors/app-error.ts";
import type { StepHook } from "../../src/manager/barrier/deploy-steps.ts";
import type { LiveWorkers } from "../../src/manager/barrier/live-workers.ts";
import { Deployments, type DeploymentsOptions } from "../../src/manager/deployments.ts";
import { Revisions } from "../../src/manager/revisions.ts";
import { setUpStore, type Store } from "../../src/manager/store/store.ts";
import { FakeClock } from "./fake-clock.ts";
import { MemoryLog } from "./memory-log.ts";
import { MemoryPublisher } from "./memory-publisher.ts";
import { proxyXml, toyCompile } from "./toy-compile.ts";

export const ADMIN = { user: "alice", via: "api" } as const;

/** What a fake worker does when it is asked to stage. */
export type Behaviour = StageAnswer | "unreachable" | "hangs";

export class FakeWorker implements RevisionStage {
  readonly name: string;
  running: string | undefined;
  staged: string | undefined;
  behaviour: Behaviour = { kind: "ready" };
  /** Says no more once it is to switch. */
  losesSwitch = false;
  counts: OutcomesAnswer["services"] = [];
  readonly asked: string[] = [];

  constructor(name: string) {
    this.name = name;
  }

  async stage({ commit }: StageRequest, signal?: AbortSignal): Promise<StageAnswer> {
    this.asked.push(`stage ${commit}`);
    if (this.behaviour === "hangs") return this.#hang(signal);
    if (this.behaviour === "unreachable") throw unreachable(this.name);
    if (this.behaviour.kind === "ready") this.staged = commit;
    return this.behaviour;
  }

  async activate(commit: string, signal?: AbortSignal): Promise<SwitchAnswer> {
    this.asked.push(`activate ${commit}`);
    if (this.losesSwitch) return this.#hang(signal);
    this.running = commit;
    return { revision: commit };
  }

  async abandon(commit: string): Promise<void> {
    this.asked.push(`abandon ${commit}`);
    if (this.staged === commit) this.staged = undefined;
  }

  outcomes(): Promise<OutcomesAnswer> {
    return Promise.resolve({ revision: this.running, services: this.counts });
  }

  #hang(signal?: AbortSignal): Promise<never> {
    const { promise, reject } = Promise.withResolvers<never>();
    signal?.addEventListener("abort", () => reject(unreachable(this.name)));
    return promise;
  }
}

function unreachable(name: string): AppError {
  return new AppError("NODE_UNREACHABLE", `${name} does not answer`, {
    side: "peer",
    retryable: true,
  });
}

export class FakeWorkers implements LiveWorkers {
  readonly all: FakeWorker[];
  readonly #handlers = new Set<(id: string) => void>();

  constructor(count: number) {
    this.all = Array.from({ length: count }, (_, index) => new FakeWorker(`worker-${index + 1}`));
  }

  list() {
    return this.all.map((stage) => ({ id: stage.name, name: stage.name, stage }));
  }

  onLeft(handler: (id: string) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  /** The worker leaves the cluster. */
  leave(name: string): void {
    const index = this.all.findIndex((one) => one.name === name);
    if (index !== -1) this.all.splice(index, 1);
    for (const handler of this.#handlers) handler(name);
  }

  /** What they run; each once. */
  get revisions(): readonly (string | undefined)[] {
    return [...new Set(this.all.map(({ running }) => running))];
  }
}

export interface BarrierWorld {
  readonly clock: FakeClock;
  readonly log: MemoryLog;
  readonly publisher: MemoryPublisher;
  readonly store: Store;
  readonly workers: FakeWorkers;
  /** Revisions that managers have announced. */
  readonly announced: string[];
  /** A manager over the same stores. */
  readonly start: (given?: Partial<DeploymentsOptions>) => Deployments;
  readonly close: () => Promise<void>;
}

export async function makeBarrierWorld(workerCount: number): Promise<BarrierWorld> {
  const clock = new FakeClock();
  const log = new MemoryLog();
  const publisher = new MemoryPublisher();
  const store = await setUpStore({ file: ":memory:", home: "/nowhere", clock });
  const workers = new FakeWorkers(workerCount);
  const announced: string[] = [];
  const start: BarrierWorld["start"] = (given = {}) =>
    new Deployments({
      publisher,
      revisions: new Revisions(publisher, toyCompile),
      journal: store.journal,
      log,
      clock,
      workers,
      announce: (commit) => void announced.push(commit),
      onChanged: () => Promise.resolve(),
      ...given,
    });
  const close = () => store.close();
  return { clock, log, publisher, store, workers, announced, start, close };
}

/** A hook that kills the manager there: its work never goes on. `killed` resolves when it is dead. */
export function killAt(step: string): {
  readonly onStep: StepHook;
  readonly killed: Promise<void>;
} {
  const { promise: killed, resolve } = Promise.withResolvers<void>();
  const onStep: StepHook = (name) => {
    if (name !== step) return undefined;
    resolve();
    return Promise.withResolvers<void>().promise;
  };
  return { onStep, killed };
}

/** A proxy service as an upload. */
export function proxy(name: string, inside?: string) {
  return [{ name: `${name}.xml`, content: Buffer.from(proxyXml(name, inside)) }];
}

/** Lets promises and immediates run. */
export async function settle(turns = 50): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
