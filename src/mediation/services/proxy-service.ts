/** Proxy services as the reader delivers them: the public entry, its flows and its published contract. */
import type { Endpoint } from "../endpoints/endpoint.ts";
import type { PublishedContract } from "./published-contract.ts";
import type { TargetFlows } from "./target-flow.ts";

export type { TargetFlow } from "./target-flow.ts";

export interface ProxyService extends TargetFlows {
  readonly name: string;
  /** Undefined: all transports. */
  readonly transports: readonly string[] | undefined;
  /** A service that is not started answers with a fault. */
  readonly started: boolean;
  /** Names of the servers that run the service; empty: all. */
  readonly pinnedServers: readonly string[];
  /** The group that lists show it in; undefined: one of its own. */
  readonly serviceGroup: string | undefined;
  readonly endpoint: Endpoint | undefined;
  readonly contract: PublishedContract;
  /** `parameter` elements by name. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** Whether the service listens on that transport. */
export function isExposed(service: ProxyService, transport: string): boolean {
  return service.transports?.includes(transport) ?? true;
}
