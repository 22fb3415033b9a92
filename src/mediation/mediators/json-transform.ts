/**
 * `jsontransform`: makes the payload JSON by rules of its own (JSONTransformMediator): properties named
 * `synapse.commons.json.*` say how XML becomes JSON, and a JSON schema which type each value shall have.
 */
import type { Message } from "../message/message.ts";
import { jsonPayload } from "../message/payload-builder.ts";
import { MediationFault } from "../mediation-fault.ts";
import { fitToSchema } from "../transform/schema-types.ts";
import type { JsonValue } from "../xml/json-value.ts";
import { payloadOf } from "../xml/soap.ts";
import { type JsonWriting, xmlToJson } from "../xml/xml-to-json.ts";
import { type KeyReference, keyOf } from "./key-reference.ts";
import type { Mediator } from "./mediator.ts";

export interface JsonTransformOptions {
  readonly schema: KeyReference | undefined;
  readonly writing: JsonWriting;
}

export class JsonTransformMediator implements Mediator {
  readonly kind = "jsontransform";
  readonly #options: JsonTransformOptions;

  constructor(options: JsonTransformOptions) {
    this.#options = options;
  }

  async mediate(message: Message): Promise<boolean> {
    const { schema, writing } = this.#options;
    const payload = await message.payload();
    const element = payload.kind === "envelope" ? payloadOf(payload.envelope) : undefined;
    let text =
      payload.kind === "json" ? payload.text : element ? xmlToJson(element, writing) : "{}";
    if (schema) {
      const key = await keyOf(schema, message);
      const entry = message.environment.resource(key);
      if (!entry) throw new MediationFault(`Schema not found in the registry : ${key}`);
      const value = jsonPayload(text);
      const wanted = jsonPayload(entry.text);
      if (value.kind === "json" && wanted.kind === "json")
        text = JSON.stringify(fitToSchema(value.value, wanted.value satisfies JsonValue));
    }
    message.replacePayload(jsonPayload(text));
    message.axis2.set("messageType", "application/json");
    message.axis2.delete("ContentType");
    message.headers.set("Content-Type", "application/json");
    return true;
  }
}
