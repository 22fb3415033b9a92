/**
 * `router`: hands the message to the targets of the routes that it fits (RouterMediator), until a route that breaks; then
 * it goes on behind the router only with continueAfter.
 */
import { evaluateBoolean, type Expression } from "../message/expression.ts";
import type { Message } from "../message/message.ts";
import type { Mediator } from "./mediator.ts";
import { sourceMatches, sourceText } from "./source-text.ts";
import { mediateTarget, type Target } from "./target.ts";

export interface Route {
  readonly expression: Expression;
  /** Anchored; undefined: the expression has to be true. */
  readonly pattern: RegExp | undefined;
  /** No further route is tried after a hit. */
  readonly breaks: boolean;
  readonly target: Target;
}

export interface RouterOptions {
  readonly routes: readonly Route[];
  readonly continueAfter: boolean;
}

export class RouterMediator implements Mediator {
  readonly kind = "router";
  readonly #options: RouterOptions;

  constructor(options: RouterOptions) {
    this.#options = options;
  }

  async mediate(message: Message): Promise<boolean> {
    for (const route of this.#options.routes) {
      if (!(await fits(route, message))) continue;
      await mediateTarget(route.target, message);
      if (route.breaks) break;
    }
    return this.#options.continueAfter;
  }
}

async function fits({ expression, pattern }: Route, message: Message): Promise<boolean> {
  if (!pattern) return evaluateBoolean(expression, message);
  return sourceMatches(await sourceText(expression, message), pattern);
}
