/**
 * The port through which membership hears who may not take part any more, though it still knows the cluster's secret: a node
 * that was removed, until the secret was rotated. What tells it is trust, in a layer above.
 */
import type { Member } from "./cluster.ts";

export interface MemberRefusals {
  /** Why a member may not take part, as a clause for the log; undefined: it may. */
  reason(member: Member): string | undefined;
  /** Calls `listener` when answers may have changed. Returns the function that ends it. */
  onChange(listener: () => void): () => void;
}
