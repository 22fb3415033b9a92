/**
 * Elements of artifact files back to text: inline payloads, property values, header blocks, published WSDLs.
 * The text stands alone: prefixes and the default namespace that the element inherits from its file are
 * declared where they are used, as Axiom does when it prints a cloned element.
 */
import { encodeEntities } from "../../config/xml-entities.ts";
import type { XmlAttribute, XmlElement } from "../../config/xml.ts";

type Scope = ReadonlyMap<string, string>;

const NO_SCOPE: Scope = new Map([
  ["", ""],
  ["xml", "http://www.w3.org/XML/1998/namespace"],
]);

/**
 * The text of an element.
 * @param keepBlankText false (the default) leaves out text that is only white space, beside elements.
 */
export function elementText(element: XmlElement, keepBlankText = false): string {
  return textWithin(element, NO_SCOPE, keepBlankText);
}

/** `declared` is what the text so far declares. */
function textWithin(element: XmlElement, declared: Scope, keepBlankText: boolean): string {
  const scope = new Map(declared);
  const needed = declarationsOf(element, declared);
  for (const [prefix, uri] of needed) scope.set(prefix, uri);
  const head = [
    qualifiedName(element),
    ...needed.map(([prefix, uri]) => declarationText(prefix, uri)),
    ...element.attributes.map((item) => `${qualifiedName(item)}="${encodeEntities(item.value)}"`),
  ].join(" ");
  const inner = innerText(element, scope, keepBlankText);
  return inner === "" ? `<${head}/>` : `<${head}>${inner}</${qualifiedName(element)}>`;
}

function innerText(element: XmlElement, scope: Scope, keepBlankText: boolean): string {
  const mixed = element.children.some((child) => child.kind === "element");
  return element.children
    .map((child) => {
      if (child.kind === "element") return textWithin(child, scope, keepBlankText);
      if (mixed && !keepBlankText && child.value.trim() === "") return "";
      return encodeEntities(child.value);
    })
    .join("");
}

const START_TAG = /^<(?:[^>"']|"[^"]*"|'[^']*')*>/;
const DECLARATION = /\sxmlns(?::([^\s=]+))?\s*=/g;

/**
 * What the element declares itself (qualified names in values may need it, though no name does), and what it and
 * its attributes use without it being declared yet.
 */
function declarationsOf(
  element: XmlElement,
  declared: Scope,
): readonly (readonly [string, string])[] {
  const needed = new Map<string, string>();
  const [startTag = ""] = START_TAG.exec(element.source) ?? [];
  for (const [, prefix = ""] of startTag.matchAll(DECLARATION)) {
    const uri = element.namespaces.get(prefix);
    if (uri !== undefined && declared.get(prefix) !== uri) needed.set(prefix, uri);
  }
  const use = ({ prefix, namespace }: XmlElement | XmlAttribute): void => {
    if (declared.get(prefix) !== namespace) needed.set(prefix, namespace);
  };
  use(element);
  for (const attribute of element.attributes) if (attribute.prefix !== "") use(attribute);
  needed.delete("xml");
  return [...needed];
}

function declarationText(prefix: string, uri: string): string {
  return `${prefix === "" ? "xmlns" : `xmlns:${prefix}`}="${encodeEntities(uri)}"`;
}

function qualifiedName({ prefix, name }: XmlElement | XmlAttribute): string {
  return prefix === "" ? name : `${prefix}:${name}`;
}
