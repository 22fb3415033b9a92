/**
 * XML as JSON (Synapse's JsonUtil): attributes become "@name", text beside attributes "$", repeated elements
 * arrays, an empty element null; text that reads as a JSON number or boolean loses its quotes
 * and keeps its digits. Namespace prefixes are dropped. `<?xml-multiple name?>` makes an array of a single element.
 */
import { elementsOf, textContentOf, type XmlElementNode } from "./dom.ts";
import { jsonName } from "./json-to-xml.ts";

const XSI = "http://www.w3.org/2001/XMLSchema-instance";
const XMLNS = "http://www.w3.org/2000/xmlns/";
const LITERAL = /^(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false)$/;

/** How XML is written as JSON. */
export interface JsonWriting {
  /** Text that reads as a number or boolean loses its quotes. */
  readonly autoPrimitive: boolean;
  /** Repeated elements become an array; without it the last one stays. */
  readonly autoArray: boolean;
  /** Prefixes stay in names ("ns_name"), declarations become "@xmlns_ns". */
  readonly keepNamespaces: boolean;
  /** An empty element is "" instead of null. */
  readonly emptyText: boolean;
}

const DEFAULT: JsonWriting = {
  autoPrimitive: true,
  autoArray: true,
  keepNamespaces: false,
  emptyText: false,
};

/** The JSON text of a payload element; `<jsonObject>` and `<jsonArray>` wrappers vanish. */
export function xmlToJson(element: XmlElementNode, writing: JsonWriting = DEFAULT): string {
  const writer = new JsonWriter(writing);
  if (element.localName === "jsonObject") return writer.value(element, "{}");
  if (element.localName === "jsonArray")
    return `[${elementsOf(element)
      .map((item) => writer.value(item))
      .join(",")}]`;
  return `{${writer.member(writer.name(element), [element])}}`;
}

const PROCESSING_INSTRUCTION = 7;

/** The names that instructions among the children say to be arrays. */
function arrayNames(element: XmlElementNode): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { nodeType, nodeName, nodeValue } of element.childNodes)
    if (nodeType === PROCESSING_INSTRUCTION && nodeName === "xml-multiple")
      names.add(nodeValue?.trim() ?? "");
  return names;
}

class JsonWriter {
  readonly #writing: JsonWriting;

  constructor(writing: JsonWriting) {
    this.#writing = writing;
  }

  value(element: XmlElementNode, whenEmpty = this.#writing.emptyText ? '""' : "null"): string {
    const children = elementsOf(element);
    const members = this.#attributes(element);
    const text = textContentOf(element);
    if (children.length === 0) {
      if (members.length === 0) return text === "" ? whenEmpty : this.#scalar(text);
      return `{${(text === "" ? members : [...members, `"$":${this.#scalar(text)}`]).join(",")}}`;
    }
    const groups = Map.groupBy(children, (child) => this.name(child));
    const arrays = arrayNames(element);
    for (const [name, group] of groups)
      members.push(this.member(name, group, group.length > 1 || arrays.has(name)));
    return `{${members.join(",")}}`;
  }

  /** Elements of one name, in the order of the first. */
  member(name: string, elements: readonly XmlElementNode[], isArray = elements.length > 1): string {
    const kept = this.#writing.autoArray ? elements : elements.slice(-1);
    const values = kept.map((element) => this.value(element));
    const isSingle = values.length === 1 && !(isArray && this.#writing.autoArray);
    const value = isSingle ? values[0] : `[${values.join(",")}]`;
    return `${JSON.stringify(name)}:${value}`;
  }

  name(element: XmlElementNode): string {
    const local = jsonName(element.localName ?? element.nodeName);
    return this.#writing.keepNamespaces && element.prefix ? `${element.prefix}_${local}` : local;
  }

  #attributes(element: XmlElementNode): string[] {
    const members: string[] = [];
    for (const attribute of element.attributes) {
      const isDeclaration = attribute.namespaceURI === XMLNS;
      const isKept = this.#writing.keepNamespaces;
      if ((isDeclaration && !isKept) || attribute.namespaceURI === XSI) continue;
      const plain = attribute.localName ?? attribute.name;
      const isShared =
        [...element.attributes].filter(({ localName }) => localName === plain).length > 1;
      // Without its prefix one of two such attributes would be lost in the object.
      const name = isKept || isShared ? attribute.name.replace(":", "_") : plain;
      members.push(`${JSON.stringify(`@${name}`)}:${JSON.stringify(attribute.value)}`);
    }
    return members;
  }

  #scalar(text: string): string {
    return this.#writing.autoPrimitive && LITERAL.test(text) ? text : JSON.stringify(text);
  }
}
