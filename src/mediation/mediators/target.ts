/**
 * Where clone, iterate, router and conditionalRouter send a message (Target): through a sequence or to an endpoint, with
 * another To or SOAPAction first. A message cannot go through both; the sequence wins.
 */
import type { Endpoint } from "../endpoints/endpoint.ts";
import type { Message } from "../message/message.ts";
import { type Branch, runBranch } from "./branch.ts";
import type { Sequence } from "./mediator.ts";
import { sendMessage } from "./send.ts";
import { runSequence } from "./sequence.ts";

export type TargetFlow =
  | { readonly kind: "sequence"; readonly sequence: Sequence }
  | { readonly kind: "branch"; readonly branch: Branch }
  | { readonly kind: "endpoint"; readonly endpoint: Endpoint }
  /** The message is changed but goes nowhere. */
  | { readonly kind: "none" };

export interface Target {
  readonly to: string | undefined;
  readonly soapAction: string | undefined;
  readonly flow: TargetFlow;
}

/**
 * Hands the message to the target.
 * @returns false when it is not to go on behind: a sequence stopped it, or an endpoint has it.
 * @throws MediationFault
 */
export async function mediateTarget(target: Target, message: Message): Promise<boolean> {
  await address(target, message);
  const { flow } = target;
  switch (flow.kind) {
    case "sequence":
      return runSequence(flow.sequence, message);
    case "branch":
      return runBranch(flow.branch, message);
    case "endpoint":
      await sendMessage(message, flow.endpoint, undefined);
      return false;
    case "none":
    default:
      return true;
  }
}

/** Builds the body first: later building must not bring the old fields of the envelope back. */
async function address({ to, soapAction }: Target, message: Message): Promise<void> {
  if (to === undefined && soapAction === undefined) return;
  await message.payload();
  if (to !== undefined) message.addressing.To = to;
  if (soapAction !== undefined) message.addressing.Action = soapAction;
}
