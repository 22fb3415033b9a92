/**
 * `conditionalRouter`: hands the message to the targets of the routes whose condition is true (ConditionalRouterMediator),
 * until a route that breaks; an asynchronous route gets a copy.
 */
import type { Message } from "../message/message.ts";
import { runGuarded } from "../run/fault-handling.ts";
import { evaluateCondition, type Evaluator } from "./evaluators.ts";
import type { Mediator } from "./mediator.ts";
import { mediateTarget, type Target } from "./target.ts";
import { parseUri } from "./uri-parts.ts";

export interface ConditionalRoute {
  readonly condition: Evaluator;
  /** No further route is tried after a hit. */
  readonly breaks: boolean;
  /** The target gets a copy, and nobody waits for it. */
  readonly asynchronous: boolean;
  readonly target: Target;
}

export interface ConditionalRouterOptions {
  readonly routes: readonly ConditionalRoute[];
  readonly continueAfter: boolean;
}

export class ConditionalRouterMediator implements Mediator {
  readonly kind = "conditionalRouter";
  readonly #options: ConditionalRouterOptions;

  constructor(options: ConditionalRouterOptions) {
    this.#options = options;
  }

  async mediate(message: Message): Promise<boolean> {
    const address = parseUri(message.addressing.To ?? "");
    for (const route of this.#options.routes) {
      if (!(await evaluateCondition(route.condition, message, address))) continue;
      await hand(route, message);
      if (route.breaks) break;
    }
    return this.#options.continueAfter;
  }
}

async function hand({ asynchronous, target }: ConditionalRoute, message: Message): Promise<void> {
  if (!asynchronous) {
    await mediateTarget(target, message);
    return;
  }
  const copy = await message.fork();
  copy.addressing.MessageID = copy.environment.newMessageId();
  const work = runGuarded(copy, () => mediateTarget(target, copy));
  if (work) message.exchange.hold(work);
}
