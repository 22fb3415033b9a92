/**
 * `foreach`: runs a sequence for each element that an expression finds, one after the other, and puts what comes out in
 * its place (ForEachMediator); in JSON for each item of an array. The message stays the same one, so properties
 * that the sequence sets remain.
 */
import { MediationFault } from "../mediation-fault.ts";
import type { Expression } from "../message/expression.ts";
import type { Message } from "../message/message.ts";
import { jsonPayload, type Payload } from "../message/payload-builder.ts";
import { detachNodes } from "../xml/detach-nodes.ts";
import {
  appendCopy,
  cloneDocument,
  elementsOf,
  isElement,
  rootOf,
  type XmlDocument,
  type XmlElementNode,
  type XmlNode,
} from "../xml/dom.ts";
import { parseJson } from "../xml/exact-number.ts";
import { jsonItems, type JsonLocation, withJsonAt } from "../xml/json-location.ts";
import type { JsonValue } from "../xml/json-path.ts";
import {
  bodyOf,
  ensureHeader,
  envelopeAround,
  headerOf,
  payloadOf,
  versionOf,
} from "../xml/soap.ts";
import { xmlToJson } from "../xml/xml-to-json.ts";
import { type Branch, runBranch } from "./branch.ts";
import type { Mediator } from "./mediator.ts";

export interface ForeachOptions {
  readonly id: string | undefined;
  readonly expression: Expression;
  /** Where the items go back, for a JSONPath that names one place. */
  readonly location: JsonLocation | undefined;
  readonly sequence: Branch;
}

export class ForeachMediator implements Mediator {
  readonly kind = "foreach";
  readonly #options: ForeachOptions;

  constructor(options: ForeachOptions) {
    this.#options = options;
  }

  async mediate(message: Message): Promise<boolean> {
    const payload = await message.payload();
    const result = await this.#options.expression.evaluate(message);
    if (result.kind === "json") return this.#json(message, payload, jsonItems(result.hits));
    const nodes = typeof result.value === "object" ? result.value : [];
    return this.#xml(message, nodes);
  }

  async #json(message: Message, payload: Payload, items: readonly JsonValue[]): Promise<boolean> {
    const { location } = this.#options;
    if (items.length === 0) return true;
    if (payload.kind !== "json" || !location)
      throw new MediationFault(
        `foreach needs a JSON payload and a path that names one array : ${this.#options.expression.source}`,
      );
    this.#keepOriginal(message, payload.text);
    const results: JsonValue[] = [];
    const goesOn = await this.#loop(message, items, {
      enter: (item) => jsonPayload(JSON.stringify(item)),
      leave: (after) => results.push(jsonOf(after)),
    });
    const rest = items.slice(results.length);
    const value = withJsonAt(payload.value, location, [...results, ...rest]);
    message.body.replace(jsonPayload(JSON.stringify(value)));
    return goesOn;
  }

  async #xml(message: Message, found: readonly XmlNode[]): Promise<boolean> {
    const nodes = found.filter(isElement);
    const [first] = nodes;
    const parent = first?.parentNode;
    if (!parent || !isElement(parent)) return true;
    // A virtual envelope of a JSON payload becomes the payload, since the nodes belong to it.
    const rest = message.isRest;
    const envelope = await message.envelope();
    this.#keepOriginal(message, [rootOf(cloneDocument(envelope))]);
    detachNodes(nodes);
    const goesOn = await this.#loop(message, nodes, {
      enter: (node) => ({ kind: "envelope", envelope: envelopeOfElement(node, envelope), rest }),
      leave: (after) => putBack(parent, after),
    });
    message.body.replace({ kind: "envelope", envelope, rest });
    return goesOn;
  }

  #keepOriginal(message: Message, original: string | readonly XmlNode[]): void {
    message.properties.set(this.#name("FOREACH_ORIGINAL_MESSAGE"), original);
  }

  #name(property: string): string {
    const { id } = this.#options;
    return id === undefined ? property : `${id}_${property}`;
  }

  /** Runs the sequence for each item until it stops once; what it left of the last item counts too. */
  async #loop<Item>(
    message: Message,
    items: readonly Item[],
    each: {
      readonly enter: (item: Item) => Payload;
      readonly leave: (payload: Payload) => unknown;
    },
  ): Promise<boolean> {
    const counter = this.#name("FOREACH_COUNTER");
    for (const [index, item] of items.entries()) {
      message.properties.set(counter, index);
      message.body.replace(each.enter(item));
      const goesOn = await runBranch(this.#options.sequence, message);
      each.leave(await message.payload());
      message.properties.set(counter, index + 1);
      if (!goesOn) return false;
    }
    return true;
  }
}

function envelopeOfElement(element: XmlElementNode, original: XmlDocument): XmlDocument {
  const envelope = envelopeAround(versionOf(original) ?? "1.1", [element]);
  const header = headerOf(original);
  if (header) for (const block of elementsOf(header)) appendCopy(ensureHeader(envelope), block);
  return envelope;
}

function putBack(parent: XmlElementNode, payload: Payload): void {
  if (payload.kind === "json")
    throw new MediationFault("The sequence of a foreach over XML left a JSON payload");
  for (const element of elementsOf(bodyOf(payload.envelope))) appendCopy(parent, element);
}

function jsonOf(payload: Payload): JsonValue {
  if (payload.kind === "json") return payload.value;
  const element = payloadOf(payload.envelope);
  return element ? parseJson(xmlToJson(element)) : null;
}
