/**
 * Endpoints as the readers deliver them: where a message goes, in which form, and what happens when it does not get
 * there. Three sorts: direct ones (one request to one address), groups (several endpoints behind one name) and
 * references, which are resolved when a message needs them (resolve-endpoint.ts).
 */
import type { KeyReference } from "../mediators/key-reference.ts";
import type { ValueSource } from "../mediators/named-value.ts";
import type { Expression } from "../message/expression.ts";
import type { PropertyScope } from "../message/property-scope.ts";
import type { Algorithm, BalancedWeight } from "./balancer.ts";
import { NO_SUSPENSION, type SuspensionRules } from "./endpoint-health.ts";
import type { SessionRules } from "./session-affinity.ts";
import type { UriTemplate } from "./uri-template.ts";

export const ENDPOINT_FORMATS = ["soap11", "soap12", "pox", "get", "rest"] as const;
export type EndpointFormat = (typeof ENDPOINT_FORMATS)[number];

/** A `<property>` of an endpoint: set on the message before it is sent. */
export interface EndpointProperty {
  readonly name: string;
  readonly scope: PropertyScope;
  readonly source: ValueSource;
}

/** What direct endpoints and groups have in common. */
export interface EndpointIdentity {
  /** Undefined for endpoints in place. */
  readonly name: string | undefined;
  /**
   * The same in each generation that has the endpoint unchanged: its state is kept under it. Undefined: made for
   * one message, without a state.
   */
  readonly identity: string | undefined;
  readonly properties: readonly EndpointProperty[];
  /** Key of the sequence that handles faults of this endpoint. */
  readonly onError: string | undefined;
}

/** Which failures of a child are tried again on the next one. Both empty: all. */
export interface RetryRules {
  readonly disabledCodes: readonly number[];
  /** When there are any, only these. */
  readonly enabledCodes: readonly number[];
}

/** What direct endpoints have in common. */
export interface EndpointSettings extends EndpointIdentity {
  /** Undefined keeps the kind of the message. */
  readonly format: EndpointFormat | undefined;
  /** Until the response head. Undefined: the caller's default. */
  readonly timeoutMs: number | undefined;
  /** Yields the milliseconds for each message; wins over `timeoutMs`. */
  readonly timeoutExpression: Expression | undefined;
  /** What a time-out does: "fault" calls the fault handlers, "discard" ends the message. */
  readonly timeoutAction: "fault" | "discard";
  /** Sends WS-Addressing headers, of version 1.0 ("final") or of 2004/08 ("submission"). Undefined: none. */
  readonly addressing: "final" | "submission" | undefined;
  /** Character set of the body. Undefined: UTF-8. */
  readonly encoding: string | undefined;
  readonly suspension: SuspensionRules;
  readonly retry: RetryRules;
}

/** Where the address of a WSDL endpoint stands. */
export type WsdlSource =
  | { readonly kind: "address"; readonly uri: string; readonly format: EndpointFormat }
  /** Read when the first message comes. */
  | {
      readonly kind: "document";
      readonly uri: string;
      readonly service: string;
      readonly port: string;
    };

/** One request to one address. */
export type DirectEndpoint =
  | { readonly kind: "address"; readonly uri: string; readonly settings: EndpointSettings }
  | {
      readonly kind: "http";
      readonly template: UriTemplate;
      /** Upper-cased; undefined: the method of the message. */
      readonly method: string | undefined;
      readonly settings: EndpointSettings;
    }
  | { readonly kind: "wsdl"; readonly source: WsdlSource; readonly settings: EndpointSettings }
  | { readonly kind: "default"; readonly settings: EndpointSettings }
  | {
      /** A host that takes the path of the message's To; the port is chosen by the client's transport. */
      readonly kind: "member";
      readonly hostName: string;
      readonly httpPort: number | undefined;
      readonly httpsPort: number | undefined;
      readonly settings: EndpointSettings;
    };

/** One of several children gets the message. */
export interface LoadbalanceEndpoint extends EndpointIdentity {
  readonly kind: "loadbalance";
  readonly children: readonly Endpoint[];
  /** One a child. */
  readonly weights: readonly BalancedWeight[];
  readonly algorithm: Algorithm;
  /** Rounds of the least-connections algorithm between two looks at the connections. */
  readonly roundsPerRecalculation: number;
  /** Whether another child is tried when one fails. */
  readonly failover: boolean;
  readonly session: SessionRules | undefined;
}

/** The first child that works gets the message. */
export interface FailoverEndpoint extends EndpointIdentity {
  readonly kind: "failover";
  readonly children: readonly Endpoint[];
  /** true: always the first ready child; false: stays with the last that was chosen. */
  readonly dynamic: boolean;
}

/** Each recipient gets a copy. */
export interface RecipientListEndpoint extends EndpointIdentity {
  readonly kind: "recipientlist";
  readonly recipients:
    | { readonly kind: "fixed"; readonly endpoints: readonly Endpoint[] }
    /** Addresses separated by commas; `poolSize` of them keep their state. */
    | { readonly kind: "computed"; readonly source: ValueSource; readonly poolSize: number };
}

export type GroupEndpoint = LoadbalanceEndpoint | FailoverEndpoint | RecipientListEndpoint;

/** `<endpoint template=..>`: made from a template when the first message comes. */
export interface TemplateInstance {
  readonly kind: "template";
  readonly template: string;
  /** "name" and "uri" included. */
  readonly parameters: ReadonlyMap<string, string>;
  readonly name: string | undefined;
  readonly identity: string;
}

export type Endpoint =
  | DirectEndpoint
  | GroupEndpoint
  | TemplateInstance
  | { readonly kind: "indirect"; readonly key: KeyReference };

/** An endpoint without a state: what has no element of its own in an artifact. */
export const DEFAULT_SETTINGS: EndpointSettings = {
  name: undefined,
  identity: undefined,
  properties: [],
  onError: undefined,
  format: undefined,
  timeoutMs: undefined,
  timeoutExpression: undefined,
  timeoutAction: "discard",
  addressing: undefined,
  encoding: undefined,
  suspension: NO_SUSPENSION,
  retry: { disabledCodes: [], enabledCodes: [] },
};

/** Where a message without endpoint goes: to its own To address. */
export const IMPLICIT_ENDPOINT: DirectEndpoint = { kind: "default", settings: DEFAULT_SETTINGS };

/** Name, properties and onError of an endpoint that is no reference. */
export function identityOf(endpoint: DirectEndpoint | GroupEndpoint): EndpointIdentity {
  return "settings" in endpoint ? endpoint.settings : endpoint;
}

/** The name that log lines show. */
export function endpointLabel({ name }: Pick<EndpointIdentity, "name">): string {
  return name ?? "AnonymousEndpoint";
}
