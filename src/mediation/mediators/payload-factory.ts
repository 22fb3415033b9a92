/**
 * `payloadFactory`: a new payload from a template (PayloadFactoryMediator): `$ctx:name` and `$1..$n` of the format are
 * replaced in one pass, so that what an argument brings is never replaced again, and the result becomes the
 * body of the message as XML, JSON or text.
 */
import type { Message } from "../message/message.ts";
import {
  emptyPayload,
  jsonPayload,
  type Payload,
  textEnvelope,
} from "../message/payload-builder.ts";
import { propertyText } from "../message/property-value.ts";
import { MediationFault } from "../mediation-fault.ts";
import { appendCopy, elementsOf, parseDocument, rootOf } from "../xml/dom.ts";
import { ensureHeader, envelopeAround, headerOf, versionOf } from "../xml/soap.ts";
import { type KeyReference, keyOf } from "./key-reference.ts";
import type { Mediator } from "./mediator.ts";
import {
  argumentOf,
  argumentText,
  classifyText,
  type PayloadArgument,
  type PayloadMedia,
} from "./payload-argument.ts";

export interface PayloadFactoryOptions {
  readonly media: PayloadMedia;
  /** The template itself, or the local entry that holds it. */
  readonly format:
    | { readonly kind: "inline"; readonly text: string }
    | { readonly kind: "key"; readonly key: KeyReference };
  readonly args: readonly PayloadArgument[];
}

const PLACEHOLDER = /\$(?:ctx:([\w.-]+)|(\d{1,4}))/g;

/** An envelope as the root of the result replaces the whole message. */
export class PayloadFactoryMediator implements Mediator {
  readonly kind = "payloadFactory";
  readonly #options: PayloadFactoryOptions;

  constructor(options: PayloadFactoryOptions) {
    this.#options = options;
  }

  async mediate(message: Message): Promise<boolean> {
    // Content-aware: header blocks and addressing of the message that came outlive its payload.
    await message.payload();
    const format = await this.#format(message);
    const values: string[] = [];
    const name = "QUOTE_STRING_IN_PAYLOAD_FACTORY_JSON";
    const quotes = message.flag(name) || message.axis2Flag(name);
    for (const argument of this.#options.args)
      values.push(argumentText(await argumentOf(argument, message), this.#options.media, quotes));
    const text = this.#fill(format, values, message);
    message.replacePayload(await this.#payload(text, message));
    this.#setType(message);
    return true;
  }

  async #format(message: Message): Promise<string> {
    const { format } = this.#options;
    if (format.kind === "inline") return format.text;
    const key = await keyOf(format.key, message);
    const entry = message.environment.resource(key);
    if (!entry) throw new MediationFault(`Key ${key} not found: payloadFactory has no format`);
    return entry.text;
  }

  #fill(format: string, values: readonly string[], message: Message): string {
    return format.replace(PLACEHOLDER, (whole, name: string | undefined, index: string) => {
      if (name !== undefined) return contextText(message, name, this.#options.media) ?? whole;
      const value = values[Number(index) - 1];
      if (value === undefined)
        message.environment.log.error(
          "Mis-match detected between number of formatters and arguments",
        );
      return value ?? whole;
    });
  }

  async #payload(filled: string, message: Message): Promise<Payload> {
    const text = filled.trim();
    switch (this.#options.media) {
      case "json":
        return leniently(text, message);
      case "text":
        return { kind: "envelope", envelope: textEnvelope(text), rest: true };
      case "xml":
      default:
        return this.#xmlPayload(text, message);
    }
  }

  async #xmlPayload(text: string, message: Message): Promise<Payload> {
    const rest = message.isRest;
    if (text.trim() === "") return emptyPayload(message.headers.get("Content-Type"));
    const document = parseDocument(text);
    if (versionOf(document)) return { kind: "envelope", envelope: document, rest };
    const current = message.body.payload;
    if (current?.kind === "envelope" && !rest) return replaceBody(current, document);
    return {
      kind: "envelope",
      envelope: envelopeAround(message.soapVersion, [rootOf(document)]),
      rest,
    };
  }

  /** The Content-Type of the new payload; XML keeps a type that is XML already. */
  #setType(message: Message): void {
    const { media } = this.#options;
    const type = TYPES[media];
    if (media === "xml") {
      const current = message.axis2Text("messageType") ?? message.headers.get("Content-Type") ?? "";
      if (/^\s*(?:application\/xml|text\/xml|application\/soap\+xml)\b/i.test(current)) return;
    }
    message.axis2.set("messageType", type);
    message.axis2.delete("ContentType");
    message.headers.set("Content-Type", type);
  }
}

/** JSON that came out malformed goes on as it is, as in Synapse: the receiver may not mind, a mediator that looks will. */
function leniently(text: string, message: Message): Payload {
  try {
    return jsonPayload(text);
  } catch (error) {
    if (!(error instanceof MediationFault)) throw error;
    message.environment.log.warn(`payloadFactory made JSON that is malformed: ${error.message}`);
    return { kind: "json", text, value: text };
  }
}

const TYPES: Readonly<Record<PayloadMedia, string>> = {
  xml: "application/xml",
  json: "application/json",
  text: "text/plain",
};

/** Keeps the header blocks of a built SOAP message. */
function replaceBody(
  current: Extract<Payload, { kind: "envelope" }>,
  document: ReturnType<typeof parseDocument>,
): Payload {
  const fresh = envelopeAround(versionOf(current.envelope) ?? "1.1", [rootOf(document)]);
  const header = headerOf(current.envelope);
  if (header) for (const block of elementsOf(header)) appendCopy(ensureHeader(fresh), block);
  return { kind: "envelope", envelope: fresh, rest: false };
}

function contextText(message: Message, name: string, media: PayloadMedia): string | undefined {
  const value = message.properties.get(name);
  return value === undefined ? undefined : argumentText(classifyText(propertyText(value)), media);
}
