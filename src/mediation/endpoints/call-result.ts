/** What came of a message at an endpoint. */
import type { EndpointResponse } from "../engine.ts";
import type { Message } from "../message/message.ts";

/** "one-way": nothing more is to come; "dropped": time ran out and the endpoint says discard. */
export type CallResult =
  | {
      readonly kind: "response";
      readonly response: EndpointResponse;
      /** To be called with the response as a message, before it is mediated: sessions learn from its headers. */
      readonly learn?: (response: Message) => Promise<void>;
    }
  | { readonly kind: "one-way" }
  | { readonly kind: "dropped" };
