/**
 * `throttle`: lets messages through by a policy (ThrottleMediator): first how many are in progress, then the rate of the
 * caller. A place is given back by the `throttle` of the same id in the response's flow, or when the exchange ends.
 */
import { MediationFault } from "../mediation-fault.ts";
import { axis2Property } from "../message/property-scope.ts";
import { propertyText } from "../message/property-value.ts";
import type { Message } from "../message/message.ts";
import { type Branch, runBranch } from "./branch.ts";
import { type KeyReference, keyOf } from "./key-reference.ts";
import type { Mediator } from "./mediator.ts";
import { readThrottlePolicy, ruleFor, type ThrottlePolicy } from "./throttle-policy.ts";
import type { ThrottleState } from "./throttle-state.ts";

export interface ThrottleOptions {
  readonly id: string;
  /** Undefined: only the place of the request is given back. */
  readonly policy:
    | { readonly kind: "inline"; readonly policy: ThrottlePolicy }
    | { readonly kind: "key"; readonly key: KeyReference }
    | undefined;
  readonly onAccept: Branch | undefined;
  /** Undefined: the message stops. */
  readonly onReject: Branch | undefined;
}

export class ThrottleMediator implements Mediator {
  readonly kind = "throttle";
  readonly #options: ThrottleOptions;

  constructor(options: ThrottleOptions) {
    this.#options = options;
  }

  async mediate(message: Message): Promise<boolean> {
    const { onAccept, onReject } = this.#options;
    if (await this.#admits(message)) return onAccept ? runBranch(onAccept, message) : true;
    return onReject ? runBranch(onReject, message) : false;
  }

  async #admits(message: Message): Promise<boolean> {
    const state = await this.#state(message);
    if (!state) return true;
    if (message.direction === "response") {
      state.leave(message.exchange);
      return true;
    }
    if (!state.enter(message.exchange)) {
      message.environment.log.info(
        "Access is currently denied: allowed maximum concurrent access is exceeded",
      );
      return false;
    }
    if (this.#rateAllows(state, message)) return true;
    state.leave(message.exchange);
    return false;
  }

  #rateAllows(state: ThrottleState, message: Message): boolean {
    const address = message.exchange.request.remoteAddress;
    const host = axis2Property(message, "REMOTE_HOST");
    const rule = ruleFor(
      state.policy,
      address,
      host === undefined ? undefined : propertyText(host),
    );
    if (!rule) return true;
    const nowMs = message.environment.clock.monotonicMs();
    const caller = rule.type === "IP" ? address : propertyText(host ?? address);
    if (state.passes(`${rule.type} ${caller}`, rule.limit, nowMs)) return true;
    message.environment.log.info(
      `Access deny for a caller with ${rule.type.toLowerCase()} ${caller}`,
    );
    return false;
  }

  async #state(message: Message): Promise<ThrottleState | undefined> {
    const { id, policy } = this.#options;
    const { shared } = message.environment;
    const known = shared.knownThrottle(id);
    if (known || !policy) return known;
    if (policy.kind === "inline") return shared.throttle(id, policy.policy);
    return shared.throttle(id, policyAt(await keyOf(policy.key, message), message));
  }
}

function policyAt(key: string, message: Message): ThrottlePolicy {
  const element = message.environment.resource(key)?.element;
  if (!element) throw new MediationFault(`Unable to find the throttling policy for key : ${key}`);
  const policy = readThrottlePolicy(element);
  if (typeof policy === "string") throw new MediationFault(`${policy} (key ${key})`);
  return policy;
}
