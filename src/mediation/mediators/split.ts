/**
 * Copies of one message on their way (clone, iterate): each runs guarded by its own fault stack, marked so that aggregate
 * finds what belongs together. A copy whose branch went through a `call` goes on behind the mediator that made it,
 * as Synapse's continuation stack has it; any other ends with its branch.
 */
import { setImmediate } from "node:timers/promises";
import { MediationFault } from "../mediation-fault.ts";
import type { Message } from "../message/message.ts";
import { CORRELATION_PROPERTY, SEQUENCE_PROPERTY } from "../message/split-properties.ts";
import { runGuarded } from "../run/fault-handling.ts";
import { type ListPosition, mediateRest } from "./mediator.ts";
import { mediateTarget, type Target } from "./target.ts";

/** Copies of one split that are on their way at the same time, when it is not sequential. */
export const PARALLEL_COPIES_MAX = 100;

/** Splits inside splits beyond it call themselves: their copies would double each time. */
export const SPLIT_DEPTH_MAX = 10;

/** After so many copies others get their turn. */
const BREATH_COPIES = 20;

export interface SplitOptions {
  /** Distinguishes splits inside splits. */
  readonly id: string | undefined;
  /** One copy after the other, instead of all at once. */
  readonly sequential: boolean;
  /** Whether the message itself goes on. */
  readonly continueParent: boolean;
}

export interface Split {
  readonly count: number;
  /** Makes the copy of that index. */
  copy(index: number): Promise<Message>;
  target(index: number): Target;
}

/**
 * Sends the copies of a message off.
 * @returns whether the message itself goes on.
 */
export async function runSplit(
  message: Message,
  split: Split,
  options: SplitOptions,
): Promise<boolean> {
  if (message.splitDepth >= SPLIT_DEPTH_MAX) {
    const why = "a clone or iterate calls itself";
    throw new MediationFault(`Splits are nested deeper than ${SPLIT_DEPTH_MAX}: ${why}`);
  }
  const run = new SplitRun(message, split, options);
  const { continueParent, sequential } = options;
  if (!continueParent) await run.all();
  else if (sequential) await run.begun();
  else message.exchange.hold(run.all());
  return continueParent;
}

class SplitRun {
  readonly #split: Split;
  readonly #options: SplitOptions;
  readonly #parent: Message;
  readonly #correlation: string;
  readonly #rest: readonly ListPosition[];
  #next = 0;

  constructor(parent: Message, split: Split, options: SplitOptions) {
    this.#parent = parent;
    this.#split = split;
    this.#options = options;
    this.#correlation = parent.addressing.MessageID ?? "";
    this.#rest = parent.positions.map((position) => ({ ...position }));
  }

  /** Resolves when every copy has come to its end. */
  async all(): Promise<void> {
    const lanes = this.#options.sequential ? 1 : Math.min(PARALLEL_COPIES_MAX, this.#split.count);
    await Promise.all(Array.from({ length: lanes }, () => this.#lane()));
  }

  /** Resolves when every copy has come to its end or to a `send`; the exchange waits for the others. */
  async begun(): Promise<void> {
    for (let index = 0; index < this.#split.count; index += 1) {
      const copy = await this.#copy(index);
      const { promise: sent, resolve } = Promise.withResolvers<void>();
      copy.handedOver = resolve;
      const run = this.#run(copy, index);
      this.#parent.exchange.hold(run);
      await Promise.race([run, sent]);
    }
  }

  async #lane(): Promise<void> {
    while (this.#next < this.#split.count) {
      const index = this.#next;
      this.#next += 1;
      await this.#run(await this.#copy(index), index);
    }
  }

  async #copy(index: number): Promise<Message> {
    this.#parent.exchange.countCopy();
    // Thousands of copies that wait for nothing would hold up every other message.
    if (index % BREATH_COPIES === BREATH_COPIES - 1) await setImmediate();
    const copy = await this.#split.copy(index);
    copy.splitDepth = this.#parent.splitDepth + 1;
    const { id } = this.#options;
    const place = `${index}/${this.#split.count}`;
    copy.addressing.MessageID = copy.environment.newMessageId();
    copy.properties.set(CORRELATION_PROPERTY, this.#correlation);
    if (id === undefined) copy.properties.set(SEQUENCE_PROPERTY, place);
    else {
      copy.properties.set(`${CORRELATION_PROPERTY}.${id}`, this.#correlation);
      copy.properties.set(`${SEQUENCE_PROPERTY}.${id}`, place);
    }
    return copy;
  }

  async #run(copy: Message, index: number): Promise<void> {
    await runGuarded(copy, async () => {
      copy.positions = this.#rest.map((position) => ({ ...position }));
      const goesOn = await mediateTarget(this.#split.target(index), copy);
      if (goesOn && copy.resumed) await mediateRest(this.#rest, copy);
    });
  }
}
