/**
 * A list of mediators that another mediator runs: in place, or a sequence by key. What filter, aggregate, cache,
 * throttle and targets have inside.
 */
import type { Message } from "../message/message.ts";
import type { KeyReference } from "./key-reference.ts";
import { mediateAll, type MediatorList, type Verdict } from "./mediator.ts";
import { runSequenceOf } from "./sequence.ts";

export type Branch =
  | { readonly kind: "inline"; readonly mediators: MediatorList }
  | { readonly kind: "key"; readonly key: KeyReference };

/**
 * Runs a branch; its result is the result of whatever holds it.
 * @throws MediationFault when no sequence has its key, or from inside.
 */
export function runBranch(branch: Branch, message: Message): Verdict {
  if (branch.kind === "inline") return mediateAll(branch.mediators, message);
  return runSequenceOf(branch.key, message);
}
