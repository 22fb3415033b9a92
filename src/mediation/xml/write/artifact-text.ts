/**
 * An artifact back to XML text, as the management API shows it: reading the text again gives the same elements,
 * attributes, texts, CDATA sections and namespaces. Comments and processing instructions are gone. Every prefix that is in
 * scope at the artifact's root is declared there, since expressions use prefixes that no name does.
 */
import { encodeEntities } from "../../../config/xml-entities.ts";
import type { XmlAttribute, XmlElement, XmlNode } from "../../../config/xml.ts";

type Scope = ReadonlyMap<string, string>;

const NOTHING_DECLARED: Scope = new Map([
  ["", ""],
  ["xml", "http://www.w3.org/XML/1998/namespace"],
]);

/** The text of an artifact, without an XML declaration. */
export function artifactText(element: XmlElement): string {
  return elementWithin(element, NOTHING_DECLARED);
}

function elementWithin(element: XmlElement, declared: Scope): string {
  const name = qualifiedName(element);
  const head = [
    name,
    ...newDeclarations(element, declared).map(
      ([prefix, uri]) => `xmlns${prefix === "" ? "" : `:${prefix}`}="${attributeText(uri)}"`,
    ),
    ...element.attributes.map((item) => `${qualifiedName(item)}="${attributeText(item.value)}"`),
  ].join(" ");
  if (element.children.length === 0) return `<${head}/>`;
  const inner = element.children.map((child) => nodeWithin(child, element.namespaces)).join("");
  return `<${head}>${inner}</${name}>`;
}

function nodeWithin(node: XmlNode, declared: Scope): string {
  if (node.kind === "element") return elementWithin(node, declared);
  // A section cannot hold its own end; a text that has it never came as one section.
  if (node.cdata && !node.value.includes("]]>")) return `<![CDATA[${node.value}]]>`;
  return encodeEntities(node.value).replaceAll("\r", "&#13;");
}

/** What is in scope at the element and not declared so around it. A prefix cannot be taken back in XML 1.0. */
function newDeclarations(
  element: XmlElement,
  declared: Scope,
): readonly (readonly [prefix: string, uri: string])[] {
  return [...element.namespaces].filter(
    ([prefix, uri]) =>
      prefix !== "xml" && (declared.get(prefix) ?? (prefix === "" ? "" : undefined)) !== uri,
  );
}

/** Line breaks and tabs as references: an XML parser makes blanks of those that stand in an attribute. */
function attributeText(value: string): string {
  return encodeEntities(value)
    .replaceAll("\t", "&#9;")
    .replaceAll("\n", "&#10;")
    .replaceAll("\r", "&#13;");
}

function qualifiedName({ prefix, name }: XmlElement | XmlAttribute): string {
  return prefix === "" ? name : `${prefix}:${name}`;
}
