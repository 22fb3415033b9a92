/**
 * What a node remembers of its endpoints between messages: their health, the turns of groups, the sessions of clients,
 * and which were switched off by hand. One for the life of a node: kept under the identity of an endpoint, it survives
 * a switch of generations where the endpoint is unchanged. Bounded; an endpoint that is active takes no place.
 */
import type { Clock } from "../../runtime/clock.ts";
import type { EndpointIdentity } from "./endpoint.ts";
import { EndpointHealth, type EndpointState, type HealthSubject } from "./endpoint-health.ts";
import type { GroupState } from "./group-state.ts";
import type { WsdlAddress } from "./wsdl-address.ts";

/** Endpoints with a state; the one that has had its state longest is forgotten beyond it. */
const STATES_MAX = 20_000;

/** An endpoint that is not active, for people. */
export interface EndpointStatus {
  readonly name: string;
  readonly state: EndpointState | "OFF";
  /** Milliseconds until a message may try it. 0: now, or never while it is off. */
  readonly retryInMs: number;
}

interface KeptHealth {
  readonly label: string;
  readonly health: EndpointHealth;
}

export class EndpointStates {
  readonly #healths = new Map<string, KeptHealth>();
  readonly #groups = new Map<string, GroupState>();
  readonly #wsdlAddresses = new Map<string, WsdlAddress>();
  readonly #off = new Set<string>();

  /** The state word of an endpoint. */
  stateOf({ name, identity = "" }: EndpointIdentity): EndpointState | "OFF" {
    if (name !== undefined && this.#off.has(name)) return "OFF";
    return this.#healths.get(identity)?.health.state ?? "ACTIVE";
  }

  /** Whether a message may go to the endpoint now. */
  isReady({ name, identity }: EndpointIdentity, nowMs: number): boolean {
    if (this.#off.size > 0 && name !== undefined && this.#off.has(name)) return false;
    if (this.#healths.size === 0 || identity === undefined) return true;
    return this.#healths.get(identity)?.health.isReady(nowMs) ?? true;
  }

  /** Whether success has to be told: the endpoint is not active. */
  isTroubled(identity: string | undefined): boolean {
    return identity !== undefined && this.#healths.has(identity);
  }

  succeeded(identity: string, subject: Pick<HealthSubject, "label" | "log">): void {
    this.#healths.get(identity)?.health.succeeded(subject);
    this.#healths.delete(identity);
  }

  failed(identity: string, code: number, subject: HealthSubject): void {
    const kept = this.#healths.get(identity);
    const health = kept?.health ?? new EndpointHealth();
    health.failed(code, subject);
    if (!kept && health.state !== "ACTIVE")
      keep(this.#healths, identity, { label: subject.label, health });
  }

  /** The memory of a group, made when first asked for. */
  group(identity: string, make: () => GroupState): GroupState {
    return this.#groups.get(identity) ?? keep(this.#groups, identity, make());
  }

  /** What the document of a WSDL endpoint said; undefined while it has not been read. */
  wsdlAddress(identity: string): WsdlAddress | undefined {
    return this.#wsdlAddresses.get(identity);
  }

  keepWsdlAddress(identity: string, address: WsdlAddress): void {
    keep(this.#wsdlAddresses, identity, address);
  }

  /** Takes a named endpoint out of service, or back, on this node. */
  switchEndpoint(name: string, to: "on" | "off"): void {
    if (to === "on") this.#off.delete(name);
    else if (this.#off.size < STATES_MAX) this.#off.add(name);
  }

  /** All endpoints that are not active. */
  status(clock: Clock): readonly EndpointStatus[] {
    const off = [...this.#off].map((name) => ({ name, state: "OFF" as const, retryInMs: 0 }));
    const others = [...this.#healths.values()].map(({ label, health }) => ({
      name: label,
      state: health.state,
      retryInMs: Math.max(0, health.nextTryMs - clock.monotonicMs()),
    }));
    return [...off, ...others];
  }
}

function keep<T>(map: Map<string, T>, key: string, value: T): T {
  const [oldest] = map.keys();
  if (map.size >= STATES_MAX && oldest !== undefined) map.delete(oldest);
  map.set(key, value);
  return value;
}
