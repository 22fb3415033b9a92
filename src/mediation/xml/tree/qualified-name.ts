/**
 * Names of elements and attributes (Namespaces in XML 1.0, sections 3 to 5): a qualified name is taken apart
 * once and shared by all nodes that bear it.
 */
import { MediationFault } from "../../mediation-fault.ts";
import { nameEnd, nameStartsAt } from "./xml-characters.ts";

export const XML_NAMESPACE = "http://www.w3.org/XML/1998/namespace";
export const XMLNS_NAMESPACE = "http://www.w3.org/2000/xmlns/";

export interface QualifiedName {
  /** As it is written, with the prefix. */
  readonly nodeName: string;
  /** Null where the name has none. */
  readonly prefix: string | null;
  readonly localName: string;
  /** Null: in no namespace. */
  readonly namespaceURI: string | null;
}

/** The prefix ("" for none) and the local part; undefined when the text is no qualified name. */
export function splitName(name: string): readonly [prefix: string, local: string] | undefined {
  if (nameEnd(name, 0) !== name.length || name === "") return undefined;
  return splitReadName(name);
}

/** The same of a text that is known to be a Name (XML 1.0, production 5). */
export function splitReadName(name: string): readonly [string, string] | undefined {
  const colon = name.indexOf(":");
  if (colon === -1) return ["", name];
  if (colon === 0 || name.includes(":", colon + 1) || !nameStartsAt(name, colon + 1))
    return undefined;
  return [name.slice(0, colon), name.slice(colon + 1)];
}

/**
 * A name for a new node.
 * @throws MediationFault when it is no qualified name, or has a prefix that can stand for nothing.
 */
export function qualifiedName(namespace: string | null, name: string): QualifiedName {
  const [prefix, localName] = splitName(name) ?? [undefined, ""];
  if (prefix === undefined) throw new MediationFault(`"${name}" is not an XML name`);
  const namespaceURI = prefix === "xml" ? XML_NAMESPACE : namespace || null;
  if ((prefix === "xml") !== (namespaceURI === XML_NAMESPACE))
    throw new MediationFault(`The prefix xml and ${XML_NAMESPACE} belong together`);
  if (prefix !== "" && namespaceURI === null)
    throw new MediationFault(`The XML name "${name}" has a prefix but no namespace`);
  return { nodeName: name, prefix: prefix || null, localName, namespaceURI };
}
