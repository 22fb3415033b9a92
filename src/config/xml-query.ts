/** Small questions to an element tree, by local name: the readers of configuration and artifacts are made of them. */
import type { XmlElement } from "./xml.ts";

/** The value of the attribute without prefix, or undefined. */
export function attributeOf(element: XmlElement, name: string): string | undefined {
  return element.attributes.find((attribute) => attribute.prefix === "" && attribute.name === name)
    ?.value;
}

/** Child elements in document order. */
export function childElements(element: XmlElement): readonly XmlElement[] {
  return element.children.filter((child) => child.kind === "element");
}

/** Child elements with that local name, whatever their namespace. */
export function childrenNamed(element: XmlElement, name: string): readonly XmlElement[] {
  return childElements(element).filter((child) => child.name === name);
}

/** The first child element with that local name. */
export function childNamed(element: XmlElement, name: string): XmlElement | undefined {
  return childElements(element).find((child) => child.name === name);
}

/** The text directly inside the element, trimmed. */
export function textOf(element: XmlElement): string {
  return element.children
    .map((child) => (child.kind === "text" ? child.value : ""))
    .join("")
    .trim();
}
