/**
 * The end of a server node on a manager's word: once it is drained it stops as on a signal, or ends so that what started it
 * starts it again (`restart-status.ts`); one that was removed from the cluster stops for good (`removed-status.ts`). Handed
 * to the worker, waited for by `bascule server`.
 */
import { supervisorOf } from "../runtime/restart-status.ts";
import type { NodeEnding } from "../worker/node-draining.ts";

export type EndReason = "stop" | "restart" | "removed";

const NO_SUPERVISOR =
  "nothing would start this node again: restart it by hand, or run it under `bascule up`, systemd, or anything that restarts it on exit status 75 and says so in BASCULE_SUPERVISOR";

export class OrderedEnding implements NodeEnding {
  /** Resolves when the node is to end. */
  readonly ended: Promise<EndReason>;
  readonly #resolve: (how: EndReason) => void;
  readonly #supervisor: string | undefined;

  /** @param hasParent whether the process has an IPC channel to `bascule up`. */
  constructor(environment: NodeJS.ProcessEnv, hasParent: boolean) {
    const { promise, resolve } = Promise.withResolvers<EndReason>();
    this.ended = promise;
    this.#resolve = resolve;
    this.#supervisor = supervisorOf(environment, hasParent);
  }

  refusal(how: "stop" | "restart"): string | undefined {
    return how === "restart" && this.#supervisor === undefined ? NO_SUPERVISOR : undefined;
  }

  end(how: EndReason): void {
    this.#resolve(how);
  }
}
