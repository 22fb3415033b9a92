/** Messages that belong together while aggregate collects them: complete once, by number, by the split, or by time. */
import type { Message } from "../message/message.ts";
import { COPIES_MAX } from "../message/message-exchange.ts";
import { propertyText } from "../message/property-value.ts";
import type { Timer } from "../../runtime/clock.ts";
import { SEQUENCE_PROPERTY } from "../message/split-properties.ts";

/** Messages that one group holds at most; it completes with them. Copies of a split are bounded by their exchange. */
export const GROUP_MESSAGES_MAX = 10_000;

export interface CompletionRules {
  /** Of the split that the messages came from. */
  readonly id: string | undefined;
  /** 0 or less: no such rule. */
  readonly countMin: number;
  readonly countMax: number;
}

export class AggregateGroup {
  readonly #messages: Message[] = [];
  #timer: Timer | undefined;
  #release: (() => void) | undefined;
  #isOver = false;

  /** Whether messages are taken no more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  add(message: Message): void {
    this.#messages.push(message);
  }

  /** Whether it is complete now. `rules` are those of the latest message. */
  isComplete({ id, countMin, countMax }: CompletionRules): boolean {
    const { length } = this.#messages;
    const total = this.#splitSize(id);
    const most = total === undefined ? GROUP_MESSAGES_MAX : COPIES_MAX;
    if (length >= Math.min(total ?? most, most)) return true;
    return (countMin > 0 && length >= countMin) || (countMax > 0 && length >= countMax);
  }

  /** How many copies the split made; undefined for messages that are no copies. */
  #splitSize(id: string | undefined): number | undefined {
    const name = id === undefined ? SEQUENCE_PROPERTY : `${SEQUENCE_PROPERTY}.${id}`;
    const place = this.#messages[0]?.properties.get(name);
    const total = place === undefined ? undefined : /\/(\d+)$/.exec(propertyText(place))?.[1];
    return total === undefined ? undefined : Number(total);
  }

  /** Begins the time after which `expire` is called; the exchange of `message` waits that long. */
  startTimer(message: Message, delayMs: number, expire: () => Promise<void>): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#release = resolve;
    message.exchange.hold(promise);
    this.#timer = message.environment.clock.after(delayMs, () => {
      void expire().finally(resolve);
    });
  }

  /** Ends the collecting and hands the messages over. */
  close(): readonly Message[] {
    this.#isOver = true;
    this.#timer?.cancel();
    return this.#messages.splice(0);
  }

  /** Lets the exchange end that waited for the timer. */
  release(): void {
    this.#release?.();
  }
}
