/** XPath for scripts (`mc.getXpathResult`): evaluated on a copy of the tree that the script holds, or on the message. */
import { MediationFault } from "../mediation-fault.ts";
import { messageOf } from "../../errors/app-error.ts";
import { MessageScope } from "../message/expression.ts";
import type { Message } from "../message/message.ts";
import { isElement, parseDocument, rootOf, type XmlDocument, type XmlNode } from "../xml/dom.ts";
import { compileXPath, xpathBoolean, type XPathExpression, xpathText } from "../xml/xpath.ts";
import { elementAt, pathOf, scriptTree } from "./script-tree.ts";

/** Most nodes that are handed to a script. */
const NODES_MAX = 10_000;

/**
 * @param args expression, prefixes, "nodes" | "string" | "boolean", the text of the script's tree (null: the message),
 * and where in it the context stands.
 */
export function scriptXPath(
  message: Message,
  envelope: XmlDocument,
  args: readonly unknown[],
): unknown {
  const [source, namespaces, kind, text, path] = args;
  const expression = compiled(String(source), prefixesOf(namespaces));
  const isOwn = typeof text === "string";
  const root = rootOf(isOwn ? parseDocument(text) : envelope);
  const indexes = Array.isArray(path) ? path.filter((index) => typeof index === "number") : [];
  const node = elementAt(root, indexes) ?? root;
  const value = expression.evaluate(new MessageScope(message, node));
  if (kind === "boolean") return xpathBoolean(value);
  if (kind === "string") return typeof value === "object" ? firstText(value) : xpathText(value);
  if (typeof value !== "object") return [{ tree: xpathText(value) }];
  if (value.length > NODES_MAX)
    throw new MediationFault(`An XPath expression of a script found more than ${NODES_MAX} nodes`);
  return value.map((hit) => nodeAnswer(hit, isOwn));
}

function nodeAnswer(node: XmlNode, isOwn: boolean): unknown {
  if (isElement(node)) return isOwn ? { path: pathOf(node) } : { tree: scriptTree(node) };
  return { tree: node.nodeValue ?? "" };
}

function firstText(nodes: readonly XmlNode[]): string {
  const [node] = nodes;
  return node ? (node.textContent ?? node.nodeValue ?? "") : "";
}

function compiled(source: string, namespaces: ReadonlyMap<string, string>): XPathExpression {
  try {
    return compileXPath(source, namespaces);
  } catch (error) {
    throw new MediationFault(`Invalid expression : ${messageOf(error)}`, { cause: error });
  }
}

function prefixesOf(value: unknown): ReadonlyMap<string, string> {
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
  return new Map(entries.map(([prefix, uri]) => [prefix, String(uri)]));
}
