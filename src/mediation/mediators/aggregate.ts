/**
 * `aggregate`: collects messages that belong together and goes on with one made of all (AggregateMediator). They belong
 * together by what an expression says, or because one clone or iterate made them. Copies of a split are
 * remembered with their exchange and vanish with it; groups by expression are bounded, the oldest goes first.
 */
import { evaluateText, type Expression } from "../message/expression.ts";
import { logText } from "../message/log-text.ts";
import type { Message } from "../message/message.ts";
import type { MessageExchange } from "../message/message-exchange.ts";
import { propertyText } from "../message/property-value.ts";
import { MediationFault } from "../mediation-fault.ts";
import { PerGeneration } from "../per-generation.ts";
import { runGuarded } from "../run/fault-handling.ts";
import { AggregateGroup } from "./aggregate-group.ts";
import { aggregatedMessage, type AggregationOptions } from "./aggregated-message.ts";
import { type Branch, runBranch } from "./branch.ts";
import { type ListPosition, mediateRest, type Mediator } from "./mediator.ts";
import { type ValueSource, valueText } from "./named-value.ts";
import { CORRELATION_PROPERTY } from "../message/split-properties.ts";

/** Groups by expression that one mediator collects at a time, and messages in them. */
export const AGGREGATE_GROUPS_MAX = 10_000;
export const AGGREGATE_MESSAGES_MAX = 10_000;

export interface AggregateOptions extends AggregationOptions {
  /** Of the clone or iterate whose copies are collected. */
  readonly id: string | undefined;
  /** Undefined: by the split that made the messages. */
  readonly correlateOn: Expression | undefined;
  /** From the first message on; undefined: no limit. */
  readonly timeoutMs: number | undefined;
  /** Undefined or less than 1: no such rule. */
  readonly countMin: ValueSource | undefined;
  readonly countMax: ValueSource | undefined;
  readonly onComplete: Branch;
}

type Groups = Map<string, AggregateGroup>;

/** Groups by expression, and how many messages wait in them. */
class ExpressionGroups {
  readonly groups: Groups = new Map();
  waiting = 0;
}

export class AggregateMediator implements Mediator {
  readonly kind = "aggregate";
  readonly #options: AggregateOptions;
  readonly #bySplit = new WeakMap<MessageExchange, Groups>();
  readonly #byExpression = new PerGeneration(() => new ExpressionGroups());

  constructor(options: AggregateOptions) {
    this.#options = options;
  }

  async mediate(message: Message): Promise<boolean> {
    await message.payload();
    const place = await this.#placeOf(message);
    if (!place) return true;
    const { groups, correlation } = place;
    const rules = { id: this.#options.id, ...(await this.#counts(message)) };
    const group = groups.get(correlation) ?? this.#newGroup(message, groups, correlation);
    if (group.isOver) {
      message.environment.log.debug("A message came after the time of its aggregation - dropped");
      return false;
    }
    group.add(message);
    if (this.#options.correlateOn) this.#bound(message);
    if (!group.isComplete(rules)) return false;
    groups.delete(correlation);
    const rest = message.positions.map((position) => ({ ...position }));
    try {
      return await this.#complete(group, rest);
    } finally {
      group.release();
    }
  }

  /** Undefined for a message that belongs to nothing: it goes on. */
  async #placeOf(
    message: Message,
  ): Promise<{ readonly groups: Groups; readonly correlation: string } | undefined> {
    const { correlateOn, id } = this.#options;
    if (correlateOn) {
      const correlation = await evaluateText(correlateOn, message);
      if (correlation !== "") return { groups: this.#kept(message).groups, correlation };
      throw new MediationFault(
        `Unable to evaluate correlateOn XPATH expression : ${correlateOn.source}`,
      );
    }
    const name = id === undefined ? CORRELATION_PROPERTY : `${CORRELATION_PROPERTY}.${id}`;
    const value = message.properties.get(name);
    if (value === undefined) return undefined;
    const groups = this.#bySplit.get(message.exchange) ?? new Map<string, AggregateGroup>();
    this.#bySplit.set(message.exchange, groups);
    return { groups, correlation: propertyText(value) };
  }

  #kept({ environment }: Message): ExpressionGroups {
    return this.#byExpression.of(environment.shared);
  }

  async #counts(message: Message): Promise<{ countMin: number; countMax: number }> {
    const { countMin, countMax } = this.#options;
    return { countMin: await count(countMin, message), countMax: await count(countMax, message) };
  }

  #newGroup(message: Message, groups: Groups, correlation: string): AggregateGroup {
    const group = new AggregateGroup();
    groups.set(correlation, group);
    const { timeoutMs } = this.#options;
    const rest = message.positions.map((position) => ({ ...position }));
    if (timeoutMs !== undefined)
      group.startTimer(message, timeoutMs, async () => {
        if (group.isOver) return;
        // Copies of the split that come later find it over; other correlations may begin again.
        if (this.#options.correlateOn) groups.delete(correlation);
        await runGuarded(message, async () => {
          if (await this.#complete(group, rest)) await mediateRest(rest, message);
        });
      });
    return group;
  }

  /** Drops the oldest groups beyond the bounds; the one that got the message just now is the last to go. */
  #bound(message: Message): void {
    const kept = this.#kept(message);
    const { groups } = kept;
    kept.waiting += 1;
    while (
      groups.size > 1 &&
      (groups.size > AGGREGATE_GROUPS_MAX || kept.waiting > AGGREGATE_MESSAGES_MAX)
    ) {
      const [oldest] = groups;
      if (!oldest) return;
      groups.delete(oldest[0]);
      kept.waiting -= oldest[1].close().length;
      oldest[1].release();
      message.environment.log.warn(
        "Too many messages are waiting to be aggregated: the oldest aggregation is dropped",
      );
    }
  }

  /** @returns whether the message that completed the group goes on. */
  async #complete(group: AggregateGroup, rest: readonly ListPosition[]): Promise<boolean> {
    const messages = group.close();
    const [first, ...others] = messages;
    if (!first) return false;
    if (this.#options.correlateOn) this.#kept(first).waiting -= messages.length;
    const result = await aggregatedMessage([first, ...others], this.#options);
    result.resumed = false;
    result.positions = rest.map((position) => ({ ...position }));
    let goesOn = false;
    await runGuarded(result, async () => {
      goesOn = await runBranch(this.#options.onComplete, result);
      if (!goesOn || !result.resumed) return;
      goesOn = false;
      await mediateRest(rest, result);
    });
    return goesOn;
  }
}

async function count(source: ValueSource | undefined, message: Message): Promise<number> {
  if (!source) return -1;
  const text = (await valueText(source, message)).trim();
  if (text === "") return -1;
  if (/^[+-]?\d{1,9}(?:\.0)?$/.test(text)) return Number(text);
  throw new MediationFault(`The messageCount of an aggregate is not a number : ${logText(text)}`);
}
