/** Endpoints as the readers deliver them: where a message goes and in which form. */
import type { KeyReference } from "../mediators/key-reference.ts";
import type { UriTemplate } from "./uri-template.ts";

export const ENDPOINT_FORMATS = ["soap11", "soap12", "pox", "get", "rest"] as const;
export type EndpointFormat = (typeof ENDPOINT_FORMATS)[number];

/** What address, http and default endpoints have in common. */
export interface EndpointSettings {
  /** Undefined for endpoints in place. */
  readonly name: string | undefined;
  /** Undefined keeps the kind of the message. */
  readonly format: EndpointFormat | undefined;
  /** Until the response head. Undefined: the caller's default. */
  readonly timeoutMs: number | undefined;
  /** What a time-out does: "fault" calls the fault handlers, "discard" ends the message. */
  readonly timeoutAction: "fault" | "discard";
  /** Sends WS-Addressing headers. */
  readonly addressing: boolean;
}

export type Endpoint =
  | { readonly kind: "address"; readonly uri: string; readonly settings: EndpointSettings }
  | {
      readonly kind: "http";
      readonly template: UriTemplate;
      /** Upper-cased; undefined: the method of the message. */
      readonly method: string | undefined;
      readonly settings: EndpointSettings;
    }
  | { readonly kind: "default"; readonly settings: EndpointSettings }
  | { readonly kind: "indirect"; readonly key: KeyReference };

export const DEFAULT_SETTINGS: EndpointSettings = {
  name: undefined,
  format: undefined,
  timeoutMs: undefined,
  timeoutAction: "discard",
  addressing: false,
};
