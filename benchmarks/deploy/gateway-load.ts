/**
 * Requests through the gateway at a steady rate while deploys go on, each of which asks for the revision that answers it. Counts
 * what failed, and what was mixed: answered by an older revision than one whose deploy had returned before the request
 * began, or by two.
 */
import { KeptConnection, type ServiceAnswer } from "./kept-connection.ts";

/** A deploy that has returned. */
interface Returned {
  readonly revision: string;
  readonly atMs: number;
}

const CONNECTIONS = 8;

export class GatewayLoad {
  readonly #connections: readonly KeptConnection[];
  readonly #targets: readonly string[];
  /** In order. */
  readonly #returned: Returned[] = [];
  readonly #order = new Map<string, number>();
  readonly #failures: string[] = [];
  readonly #mixtures: string[] = [];
  #requests = 0;
  #failed = 0;
  #mixed = 0;
  #isOver = false;
  #running: Promise<unknown> = Promise.resolve();

  constructor(port: number, targets: readonly string[]) {
    this.#connections = Array.from({ length: CONNECTIONS }, () => new KeptConnection(port));
    this.#targets = targets;
  }

  get requests(): number {
    return this.#requests;
  }

  get failed(): number {
    return this.#failed;
  }

  get mixed(): number {
    return this.#mixed;
  }

  /** The first of what went wrong, for people. */
  get examples(): readonly string[] {
    return [...this.#failures, ...this.#mixtures];
  }

  /** `rate`: requests a second of all connections together; they never pile up behind a slow answer. */
  start(rate: number): void {
    if (rate === 0) return;
    const gapMs = (1000 * CONNECTIONS) / rate;
    this.#running = Promise.all(
      this.#connections.map((connection, index) => this.#run(connection, index, gapMs)),
    );
  }

  /** The deploy of the revision has just returned. */
  deployed(revision: string): void {
    this.#order.set(revision, this.#returned.length);
    this.#returned.push({ revision, atMs: performance.now() });
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#running;
    for (const connection of this.#connections) connection.close();
  }

  async #run(connection: KeptConnection, index: number, gapMs: number): Promise<void> {
    await pauseUntil(performance.now() + (index * gapMs) / CONNECTIONS);
    for (let count = index; !this.#isOver; count += CONNECTIONS) {
      const begunMs = performance.now();
      const target = this.#targets[count % this.#targets.length] ?? "/";
      this.#requests += 1;
      try {
        this.#judge(await connection.ask(target), begunMs);
      } catch (error) {
        this.#fail(error instanceof Error ? error.message : String(error));
      }
      await pauseUntil(begunMs + gapMs);
    }
  }

  #judge({ status, revisions }: ServiceAnswer, begunMs: number): void {
    const [revision] = revisions;
    if (status !== 200 || revision === undefined) {
      this.#fail(`status ${status}, ${revisions.length} revisions`);
      return;
    }
    const newest = this.#returned.findLast(({ atMs }) => atMs <= begunMs);
    const order = this.#order.get(revision) ?? Number.POSITIVE_INFINITY;
    const isOld = newest !== undefined && order < (this.#order.get(newest.revision) ?? 0);
    if (!isOld && new Set(revisions).size === 1) return;
    this.#mixed += 1;
    if (this.#mixtures.length < 5)
      this.#mixtures.push(`${revisions.join(" and ")} after ${newest?.revision ?? "no deploy"}`);
  }

  #fail(reason: string): void {
    this.#failed += 1;
    if (this.#failures.length < 5) this.#failures.push(reason);
  }
}

function pauseUntil(atMs: number): Promise<void> {
  const ms = atMs - performance.now();
  return new Promise((resolve) => void setTimeout(resolve, Math.max(0, ms)));
}
