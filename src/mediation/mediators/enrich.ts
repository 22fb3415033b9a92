/**
 * `enrich`: puts a piece of the message, a property or constant content somewhere else in the message or into a
 * property (EnrichMediator, Source, Target). A JSON payload stays JSON as long as neither side speaks XPath;
 * otherwise it becomes XML and is written as JSON again by its message type.
 */
import type { Message } from "../message/message.ts";
import type { Expression } from "../message/expression.ts";
import { type PropertyScope, setProperty } from "../message/property-scope.ts";
import type { XmlNode } from "../xml/dom.ts";
import { enrichJson } from "./enrich-json.ts";
import { enrichSource, nodesText } from "./enrich-source.ts";
import { enrichTarget } from "./enrich-target.ts";
import type { KeyReference } from "./key-reference.ts";
import type { Mediator } from "./mediator.ts";

export type EnrichSource =
  | { readonly kind: "custom"; readonly expression: Expression }
  | { readonly kind: "envelope" | "body" }
  | { readonly kind: "property"; readonly name: string }
  /** XML or plain text. */
  | { readonly kind: "inline"; readonly text: string }
  | { readonly kind: "key"; readonly key: KeyReference };

export type EnrichTarget =
  | { readonly kind: "custom"; readonly expression: Expression }
  | { readonly kind: "envelope" }
  | { readonly kind: "body" }
  | { readonly kind: "property"; readonly name: string; readonly scope: PropertyScope };

export type EnrichAction = "replace" | "child" | "sibling";

export interface EnrichOptions {
  readonly source: EnrichSource;
  /** Whether the source stays where it is. */
  readonly clone: boolean;
  readonly target: EnrichTarget;
  readonly action: EnrichAction;
}

export class EnrichMediator implements Mediator {
  readonly kind = "enrich";
  readonly #options: EnrichOptions;

  constructor(options: EnrichOptions) {
    this.#options = options;
  }

  async mediate(message: Message): Promise<boolean> {
    const { source, target, action, clone } = this.#options;
    if (await enrichJson(this.#options, message)) return true;
    if (target.kind !== "property" || !clone) await message.editableEnvelope();
    const nodes = await enrichSource(source, clone, message);
    if (nodes.length === 0) {
      message.environment.log.error(
        "Couldn't find the source to enrich: the message stays as it is",
      );
      return true;
    }
    if (target.kind === "property") setTarget(message, target, action, nodes);
    else await enrichTarget(target, action, nodes, message);
    return true;
  }
}

/** Text is kept as text; elements as nodes. `child` adds to what the property's first element holds. */
function setTarget(
  message: Message,
  target: EnrichTarget & { readonly kind: "property" },
  action: EnrichAction,
  nodes: readonly XmlNode[],
): void {
  const present = message.properties.get(target.name);
  const parent = typeof present === "object" ? present[0] : undefined;
  if (action === "child" && target.scope === "default" && parent?.ownerDocument) {
    for (const node of nodes) parent.appendChild(parent.ownerDocument.importNode(node, true));
    return;
  }
  const isText = nodes.every((node) => node.nodeType !== 1);
  setProperty(message, target.scope, target.name, isText ? nodesText(nodes) : nodes);
}
