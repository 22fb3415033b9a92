/** `clone`: a copy of the message for each target (CloneMediator). */
import type { Message } from "../message/message.ts";
import type { Mediator } from "./mediator.ts";
import { runSplit, type SplitOptions } from "./split.ts";
import type { Target } from "./target.ts";

export interface CloneOptions extends SplitOptions {
  /** At least one. */
  readonly targets: readonly [Target, ...Target[]];
}

export class CloneMediator implements Mediator {
  readonly kind = "clone";
  readonly #options: CloneOptions;

  constructor(options: CloneOptions) {
    this.#options = options;
  }

  async mediate(message: Message): Promise<boolean> {
    const { targets, continueParent } = this.#options;
    // A parent that goes on may change its content before the last copy is made.
    const original = continueParent ? await message.fork() : message;
    const split = {
      count: targets.length,
      copy: () => original.fork(),
      target: (index: number) => targets[index] ?? targets[0],
    };
    return runSplit(message, split, this.#options);
  }
}
