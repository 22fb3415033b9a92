/** Where `enrich` takes from (Synapse's enrich Source): nodes of their own, out of the message when they are moved. */
import type { Message } from "../message/message.ts";
import { resultText } from "../message/expression.ts";
import { type PropertyValue, propertyText } from "../message/property-value.ts";
import { MediationFault } from "../mediation-fault.ts";
import { parseDocument, rootOf, textContentOf, type XmlNode } from "../xml/dom.ts";
import { payloadOf } from "../xml/soap.ts";
import type { EnrichSource } from "./enrich.ts";
import { keyOf } from "./key-reference.ts";

/**
 * The nodes of a source; empty when there are none. They share nothing with the message.
 * @param clone false: what was taken from the message leaves it.
 */
export async function enrichSource(
  source: EnrichSource,
  clone: boolean,
  message: Message,
): Promise<readonly XmlNode[]> {
  switch (source.kind) {
    case "envelope":
      return [copyOf(rootOf(await message.envelope()))];
    case "body": {
      const payload = payloadOf(await message.envelope());
      return payload ? taken([payload], clone) : [];
    }
    case "property": {
      const value = message.properties.get(source.name);
      return value === undefined ? [] : valueNodes(value);
    }
    case "inline":
      return textNodes(source.text);
    case "key": {
      const key = await keyOf(source.key, message);
      const entry = message.environment.resource(key);
      if (!entry) throw new MediationFault(`Key ${key} not found: enrich has no inline source`);
      return textNodes(entry.text);
    }
    case "custom":
    default: {
      const result = await source.expression.evaluate(message);
      if (result.kind === "xpath" && typeof result.value === "object")
        return taken(result.value, clone);
      const text = resultText(result);
      return text === "" ? [] : textNodes(text);
    }
  }
}

/** The text of nodes, one after the other. */
export function nodesText(nodes: readonly XmlNode[]): string {
  return nodes.map(textContentOf).join("");
}

function taken(nodes: readonly XmlNode[], clone: boolean): readonly XmlNode[] {
  const copies = nodes.map(copyOf);
  if (!clone) for (const node of nodes) node.parentNode?.removeChild(node);
  return copies;
}

/** An attribute stands for its value. */
function copyOf(node: XmlNode): XmlNode {
  return node.nodeType === 2 ? textNode(node.nodeValue ?? "") : node.cloneNode(true);
}

function valueNodes(value: PropertyValue): readonly XmlNode[] {
  return typeof value === "object" ? value.map(copyOf) : textNodes(propertyText(value));
}

/** XML as its root element, anything else as a text node. */
function textNodes(text: string): readonly XmlNode[] {
  if (!/^\s*<[^]*>\s*$/.test(text)) return [textNode(text)];
  try {
    return [rootOf(parseDocument(text.trim()))];
  } catch (error) {
    if (error instanceof MediationFault) return [textNode(text)];
    throw error;
  }
}

function textNode(text: string): XmlNode {
  return parseDocument("<text/>").createTextNode(text);
}
