/** Proxy services as the reader delivers them: the public entry, its flows and its published contract. */
import type { Endpoint } from "../endpoints/endpoint.ts";
import type { Sequence } from "../mediators/mediator.ts";

/** A flow of a target: mediators in place, or the key of a named sequence. */
export type TargetFlow =
  | { readonly kind: "inline"; readonly sequence: Sequence }
  | { readonly kind: "key"; readonly key: string };

/** What `?wsdl` answers. */
export type PublishedWsdl =
  | { readonly kind: "generated" }
  | { readonly kind: "inline"; readonly text: string }
  | { readonly kind: "key"; readonly key: string };

export interface ProxyService {
  readonly name: string;
  /** Undefined: all transports. */
  readonly transports: readonly string[] | undefined;
  /** A service that is not started answers with a fault. */
  readonly started: boolean;
  readonly inFlow: TargetFlow | undefined;
  readonly outFlow: TargetFlow | undefined;
  readonly faultFlow: TargetFlow | undefined;
  readonly endpoint: Endpoint | undefined;
  readonly wsdl: PublishedWsdl;
  /** useOriginalwsdl or modifyUserWSDLPortAddress=false: addresses in the WSDL stay. */
  readonly keepsWsdlAddresses: boolean;
}

/** Whether the service listens on that transport. */
export function isExposed(service: ProxyService, transport: string): boolean {
  return service.transports?.includes(transport) ?? true;
}
