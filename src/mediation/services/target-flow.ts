/** A flow of a proxy service or of an API resource: mediators in place, or the key of a named sequence. */
import type { Sequence } from "../mediators/mediator.ts";

export type TargetFlow =
  | { readonly kind: "inline"; readonly sequence: Sequence }
  | { readonly kind: "key"; readonly key: string };

/** The three flows that a target or a resource may have. */
export interface TargetFlows {
  readonly inFlow: TargetFlow | undefined;
  readonly outFlow: TargetFlow | undefined;
  readonly faultFlow: TargetFlow | undefined;
}
