/**
 * `filter`: one of two branches, by an XPath that is true or by a source whose text matches a pattern wholly.
 * Implements FilterMediator; the result of the branch is the filter's, so a dropped branch stops the list.
 */
import { evaluateBoolean, evaluateText, type Expression } from "../message/expression.ts";
import type { Message } from "../message/message.ts";
import { mediateAll, type Mediator, type MediatorList } from "./mediator.ts";
import { requireSequence, runSequence } from "./sequence.ts";

/** `pattern` is anchored at both ends. */
export type FilterCondition =
  | { readonly kind: "xpath"; readonly xpath: Expression }
  | { readonly kind: "regex"; readonly source: Expression; readonly pattern: RegExp };

/** A branch: mediators in place, or a sequence by key. */
export type FilterBranch =
  | { readonly kind: "inline"; readonly mediators: MediatorList }
  | { readonly kind: "key"; readonly key: string };

export interface FilterOptions {
  readonly condition: FilterCondition;
  readonly matched: FilterBranch;
  /** Undefined: a message that does not match goes on behind the filter. */
  readonly otherwise: FilterBranch | undefined;
}

/** Longest text that a pattern is tried on, in UTF-16 units: longer ones do not match. */
export const FILTER_TEXT_MAX = 1_000_000;

export class FilterMediator implements Mediator {
  readonly kind = "filter";
  readonly #options: FilterOptions;

  constructor(options: FilterOptions) {
    this.#options = options;
  }

  async mediate(message: Message): Promise<boolean> {
    const branch = (await this.#matches(message)) ? this.#options.matched : this.#options.otherwise;
    if (!branch) return true;
    if (branch.kind === "inline") return mediateAll(branch.mediators, message);
    return runSequence(requireSequence(message, branch.key), message);
  }

  async #matches(message: Message): Promise<boolean> {
    const { condition } = this.#options;
    if (condition.kind === "xpath") return evaluateBoolean(condition.xpath, message);
    const text = await evaluateText(condition.source, message);
    return text.length <= FILTER_TEXT_MAX && condition.pattern.test(text);
  }
}
