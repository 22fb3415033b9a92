/** What a group endpoint remembers between messages: whose turn it is, how busy its children are, and its sessions. */
import { Balancer, type BalancerOptions } from "./balancer.ts";
import { SessionTable } from "./session-table.ts";

export class GroupState {
  readonly #balancer: Balancer;
  /** Messages on their way to each child. */
  readonly inFlight: number[];
  readonly sessions = new SessionTable();
  /** The child that a failover endpoint with dynamic="false" stays with. */
  current = 0;

  constructor(options: BalancerOptions) {
    this.#balancer = new Balancer(options);
    this.inFlight = options.weights.map(() => 0);
  }

  /** The child whose turn it is; undefined when none is ready. */
  next(ready: readonly boolean[]): number | undefined {
    return this.#balancer.next(ready, this.inFlight);
  }

  /** The child that stays the chosen one as long as it is ready, else the first ready one. */
  steady(ready: readonly boolean[]): number | undefined {
    if (ready[this.current] !== true) {
      const first = ready.indexOf(true);
      if (first === -1) return undefined;
      this.current = first;
    }
    return this.current;
  }

  /** Counts a message as on its way to a child until `action` is over. */
  async counted<T>(child: number, action: () => Promise<T>): Promise<T> {
    this.#count(child, 1);
    try {
      return await action();
    } finally {
      this.#count(child, -1);
    }
  }

  #count(child: number, change: number): void {
    this.inFlight[child] = (this.inFlight[child] ?? 0) + change;
  }
}
