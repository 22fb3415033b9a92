/** `switch`: the first case whose pattern matches the text of the source wholly, else the default (SwitchMediator). */
import { whenThere } from "../../runtime/soon.ts";
import type { Expression } from "../message/expression.ts";
import type { Message } from "../message/message.ts";
import { mediateAll, type Mediator, type MediatorList, type Verdict } from "./mediator.ts";
import { sourceMatches, sourceText } from "./source-text.ts";

export interface SwitchCase {
  /** Anchored at both ends. */
  readonly pattern: RegExp;
  readonly mediators: MediatorList;
}

export interface SwitchOptions {
  readonly source: Expression;
  readonly cases: readonly SwitchCase[];
  /** Undefined: a message that no case matches goes on behind the switch. */
  readonly otherwise: MediatorList | undefined;
}

export class SwitchMediator implements Mediator {
  readonly kind = "switch";
  readonly #options: SwitchOptions;

  constructor(options: SwitchOptions) {
    this.#options = options;
  }

  mediate(message: Message): Verdict {
    const { source, cases, otherwise } = this.#options;
    return whenThere(sourceText(source, message), (text) => {
      const hit = cases.find(({ pattern }) => sourceMatches(text, pattern));
      const mediators = hit?.mediators ?? otherwise;
      return mediators ? mediateAll(mediators, message) : true;
    });
  }
}
