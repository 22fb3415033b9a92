/** Nodes that leave their tree, kept for another place: what iterate and foreach take out of a message. */
import type { XmlNode } from "./dom.ts";

/** Takes the nodes out of their parents. Attributes and roots have none and stay. */
export function detachNodes(nodes: readonly XmlNode[]): void {
  for (const node of nodes) node.parentNode?.removeChild(node);
}
