/**
 * `validate`: checks the payload, or a part of it, against XML schemas, or a JSON payload against a JSON schema
 * (ValidateMediator). What is not valid sets ERROR_MESSAGE, ERROR_DETAIL and ERROR_EXCEPTION and runs the on-fail
 * list, whose result is the mediator's.
 */
import type { Expression } from "../message/expression.ts";
import type { Message } from "../message/message.ts";
import { MediationFault } from "../mediation-fault.ts";
import { PerGeneration } from "../per-generation.ts";
import { type JsonCheck, compileJsonSchema } from "../transform/json-schema.ts";
import { schemaError, type SchemaTexts } from "../transform/xml-schema.ts";
import { isElement, serializeNode, type XmlElementNode } from "../xml/dom.ts";
import { withDoubles } from "../xml/exact-number.ts";
import type { JsonValue } from "../xml/json-value.ts";
import { payloadOf } from "../xml/soap.ts";
import { type KeyReference, keyOf } from "./key-reference.ts";
import { mediateAll, type Mediator, type MediatorList } from "./mediator.ts";

export interface ValidateOptions {
  readonly schemas: readonly KeyReference[];
  /** Undefined: the first child of the body, or the whole JSON. */
  readonly source: Expression | undefined;
  /** location → key of what the schemas import. */
  readonly resources: ReadonlyMap<string, string>;
  readonly onFail: MediatorList;
}

/** JSON schemas that one mediator keeps: a dynamic key may name many. */
const CHECKS_MAX = 16;

interface SchemaEntry {
  readonly key: string;
  readonly text: string;
}

export class ValidateMediator implements Mediator {
  readonly kind = "validate";
  readonly #options: ValidateOptions;
  readonly #checks = new PerGeneration(() => new Map<string, JsonCheck>());

  constructor(options: ValidateOptions) {
    this.#options = options;
  }

  async mediate(message: Message): Promise<boolean> {
    const schemas: SchemaEntry[] = [];
    for (const reference of this.#options.schemas) schemas.push(await entryOf(reference, message));
    const isJson = schemas.every(({ text }) => /^\s*\{/.test(text));
    const reason = isJson
      ? await this.#jsonError(schemas, message)
      : await this.#xmlError(schemas, message);
    if (reason === undefined) return true;
    const keys = schemas.map(({ key }) => key).join(", ");
    const source =
      this.#options.source?.source ??
      "s11:Body/child::*[position()=1] | s12:Body/child::*[position()=1]";
    message.properties.set("ERROR_MESSAGE", reason);
    message.properties.set("ERROR_EXCEPTION", `org.xml.sax.SAXParseException: ${reason}`);
    message.properties.set(
      "ERROR_DETAIL",
      `Validation of element returned by XPath : ${source} failed against the given schema(s) ${keys} with error : ${reason} Executing 'on-fail' sequence`,
    );
    return mediateAll(this.#options.onFail, message);
  }

  async #jsonError(schemas: readonly SchemaEntry[], message: Message): Promise<string | undefined> {
    const value = await jsonValue(this.#options.source, message);
    const checks = this.#checks.of(message.environment.shared);
    for (const { key, text } of schemas) {
      const check = checks.get(key) ?? (await compileJsonSchema(key, text));
      if (checks.size >= CHECKS_MAX) checks.clear();
      checks.set(key, check);
      const reason = check(value);
      if (reason !== undefined) return reason;
    }
    return undefined;
  }

  async #xmlError(schemas: readonly SchemaEntry[], message: Message): Promise<string | undefined> {
    const resources = new Map<string, string>();
    for (const [location, key] of this.#options.resources)
      resources.set(location, (await entryOf({ kind: "static", key }, message)).text);
    const element = await elementOf(this.#options.source, message);
    const texts: SchemaTexts = { schemas, resources };
    return schemaError(texts, serializeNode(element));
  }
}

async function entryOf(reference: KeyReference, message: Message): Promise<SchemaEntry> {
  const key = await keyOf(reference, message);
  const entry = message.environment.resource(key);
  if (entry) return { key, text: entry.text };
  throw new MediationFault(`No schema found at the key ${key}`);
}

async function jsonValue(source: Expression | undefined, message: Message): Promise<JsonValue> {
  const payload = await message.payload();
  if (payload.kind !== "json")
    throw new MediationFault(
      "The message has no JSON payload that a JSON schema could be applied to",
    );
  if (!source?.jsonPath) return withDoubles(payload.value);
  const [value] = source.jsonPath.select(payload.value);
  // What is not there counts as an empty object (ValidateMediator).
  return value === undefined ? {} : withDoubles(value);
}

async function elementOf(
  source: Expression | undefined,
  message: Message,
): Promise<XmlElementNode> {
  if (!source) {
    const payload = payloadOf(await message.envelope());
    if (payload) return payload;
    throw new MediationFault("The message has no payload to validate");
  }
  const result = await source.evaluate(message);
  const node =
    result.kind === "xpath" && typeof result.value === "object" ? result.value[0] : undefined;
  if (node && isElement(node)) return node;
  throw new MediationFault(
    `The evaluation of the XPath expression ${source.source} did not result in an OMNode`,
  );
}
