/**
 * `filter`: one of two branches, by an XPath that is true or by a source whose text matches a pattern wholly.
 * Implements FilterMediator; the result of the branch is the filter's, so a dropped branch stops the list.
 */
import { type Soon, whenThere } from "../../runtime/soon.ts";
import { evaluateBoolean, type Expression } from "../message/expression.ts";
import type { Message } from "../message/message.ts";
import { type Branch, runBranch } from "./branch.ts";
import type { Mediator, Verdict } from "./mediator.ts";
import { sourceMatches, sourceText } from "./source-text.ts";

/** `pattern` is anchored at both ends. */
export type FilterCondition =
  | { readonly kind: "xpath"; readonly xpath: Expression }
  | { readonly kind: "regex"; readonly source: Expression; readonly pattern: RegExp };

export interface FilterOptions {
  readonly condition: FilterCondition;
  readonly matched: Branch;
  /** Undefined: a message that does not match goes on behind the filter. */
  readonly otherwise: Branch | undefined;
}

export class FilterMediator implements Mediator {
  readonly kind = "filter";
  readonly #options: FilterOptions;

  constructor(options: FilterOptions) {
    this.#options = options;
  }

  mediate(message: Message): Verdict {
    return whenThere(this.#matches(message), (isMatched) => {
      const branch = isMatched ? this.#options.matched : this.#options.otherwise;
      return branch ? runBranch(branch, message) : true;
    });
  }

  #matches(message: Message): Soon<boolean> {
    const { condition } = this.#options;
    if (condition.kind === "xpath") return evaluateBoolean(condition.xpath, message);
    const { source, pattern } = condition;
    return whenThere(sourceText(source, message), (text) => sourceMatches(text, pattern));
  }
}
