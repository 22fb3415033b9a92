/**
 * One message to a group of endpoints (LoadbalanceEndpoint, FailoverEndpoint): chooses a child, and another one when it
 * fails, with the message as it was. A failure that was met is what the client's fault sequence sees at the end;
 * only when no child could be tried it is "no ready child endpoints".
 */
import type { MediationFault } from "../mediation-fault.ts";
import type { Message } from "../message/message.ts";
import type { CallResult } from "./call-result.ts";
import {
  type Endpoint,
  endpointLabel,
  type FailoverEndpoint,
  type LoadbalanceEndpoint,
  type RetryRules,
} from "./endpoint.ts";
import { groupFault, isEndpointFault } from "./endpoint-faults.ts";
import { GroupState } from "./group-state.ts";
import { OriginalMessage } from "./original-message.ts";
import { isReady, resolveEndpoint } from "./resolve-endpoint.ts";

export type BalancingEndpoint = LoadbalanceEndpoint | FailoverEndpoint;

/** Sends the message to a child; `call-endpoint.ts` hands it in, since a child may be a group itself. */
export type ChildCall = (message: Message, child: Endpoint) => Promise<CallResult>;

/** Most tries of one message, over all children; an endpoint in TIMEOUT without delay is tried again. */
const TRIES_MAX = 64;

/** The child that took the message, and what came of it. */
export interface GroupResult {
  readonly child: number;
  readonly result: CallResult;
}

/** Chooses among the children that are ready; undefined: none. */
export type Choice = (ready: readonly boolean[]) => number | undefined;

/** The memory of a group. */
export function stateOf(group: BalancingEndpoint, message: Message): GroupState {
  const isBalanced = group.kind === "loadbalance";
  const make = (): GroupState =>
    new GroupState({
      algorithm: isBalanced ? group.algorithm : "round-robin",
      weights: isBalanced
        ? group.weights
        : group.children.map(() => ({ weight: 1, minimum: 1, maximum: 1 })),
      ...(isBalanced ? { roundsPerRecalculation: group.roundsPerRecalculation } : {}),
    });
  return message.environment.endpointStates.group(group.identity ?? "", make);
}

/** How a group without sessions chooses. */
export function choiceOf(group: BalancingEndpoint, state: GroupState): Choice {
  if (group.kind === "loadbalance") return (ready) => state.next(ready);
  if (!group.dynamic) return (ready) => state.steady(ready);
  return (ready) => {
    const first = ready.indexOf(true);
    return first === -1 ? undefined : first;
  };
}

/** Tries children until one takes the message. @throws MediationFault when none does. */
export async function callGroup(
  message: Message,
  group: BalancingEndpoint,
  choose: Choice,
  callChild: ChildCall,
): Promise<GroupResult> {
  const tries = new GroupTries(message, group);
  const retries = group.kind === "failover" || group.failover;
  const original =
    retries && group.children.length > 1 ? await OriginalMessage.of(message) : undefined;
  for (let count = 0; count < TRIES_MAX; count += 1) {
    const child = choose(await tries.ready());
    const endpoint = child === undefined ? undefined : group.children[child];
    if (child === undefined || endpoint === undefined) break;
    try {
      const state = stateOf(group, message);
      return { child, result: await state.counted(child, () => callChild(message, endpoint)) };
    } catch (thrown) {
      if (!isEndpointFault(thrown)) throw thrown;
      await tries.failed(child, endpoint, thrown);
      if (!original) throw thrown;
      original.restore();
    }
  }
  throw tries.outcome();
}

class GroupTries {
  readonly #message: Message;
  readonly #group: BalancingEndpoint;
  /** Children whose failure did not take them out: they would fail again. */
  readonly #spent = new Set<number>();
  #last: MediationFault | undefined;

  constructor(message: Message, group: BalancingEndpoint) {
    this.#message = message;
    this.#group = group;
  }

  async ready(): Promise<readonly boolean[]> {
    const ready: boolean[] = [];
    for (const [index, child] of this.#group.children.entries())
      ready.push(!this.#spent.has(index) && (await isReady(child, this.#message)));
    return ready;
  }

  /** @throws MediationFault when the failure is none to be tried again. */
  async failed(index: number, child: Endpoint, fault: MediationFault): Promise<void> {
    const { log, endpointStates } = this.#message.environment;
    this.#last = fault;
    const target = await resolveEndpoint(child, this.#message);
    const name = endpointLabel("settings" in target ? target.settings : target);
    log.warn(
      `Endpoint [${endpointLabel(this.#group)}] Detect a Failure in a child endpoint : Endpoint [${name}]`,
    );
    if (!("settings" in target)) {
      this.#spent.add(index);
      return;
    }
    if (endpointStates.stateOf(target.settings) === "ACTIVE") this.#spent.add(index);
    if (isRetried(target.settings.retry, fault.faultCode)) return;
    const sentence =
      "one of the child endpoints encounterd a non-retry error, not sending message to another endpoint";
    log.warn(groupFault(this.#group, sentence).message);
    throw fault;
  }

  outcome(): MediationFault {
    const fault = groupFault(this.#group, "no ready child endpoints");
    this.#message.environment.log.warn(fault.message);
    return this.#last ?? fault;
  }
}

function isRetried({ disabledCodes, enabledCodes }: RetryRules, code: number): boolean {
  if (disabledCodes.includes(code)) return false;
  return enabledCodes.length === 0 || enabledCodes.includes(code);
}
