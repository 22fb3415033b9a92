/**
 * XML as JSON (Synapse's JsonUtil): attributes become "@name", text beside attributes "$", repeated elements
 * arrays, an empty element null; text that reads as a JSON number or boolean loses its quotes
 * and keeps its digits. Namespace prefixes are dropped.
 */
import { elementsOf, textContentOf, type XmlElementNode } from "./dom.ts";
import { jsonName } from "./json-to-xml.ts";

const XSI = "http://www.w3.org/2001/XMLSchema-instance";
const XMLNS = "http://www.w3.org/2000/xmlns/";
const LITERAL = /^(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false)$/;

/** The JSON text of a payload element; `<jsonObject>` and `<jsonArray>` wrappers vanish. */
export function xmlToJson(element: XmlElementNode): string {
  if (element.localName === "jsonObject") return valueOf(element, "{}");
  if (element.localName === "jsonArray")
    return `[${elementsOf(element)
      .map((item) => valueOf(item, "null"))
      .join(",")}]`;
  return `{${memberOf(localNameOf(element), [element])}}`;
}

function valueOf(element: XmlElementNode, whenEmpty: string): string {
  const children = elementsOf(element);
  const members = attributeMembers(element);
  const text = textContentOf(element);
  if (children.length === 0) {
    if (members.length === 0) return text === "" ? whenEmpty : scalar(text);
    return `{${(text === "" ? members : [...members, `"$":${scalar(text)}`]).join(",")}}`;
  }
  for (const [name, group] of groups(children)) members.push(memberOf(name, group));
  return `{${members.join(",")}}`;
}

/** Elements by name, in the order of each name's first element. */
function groups(
  children: readonly XmlElementNode[],
): ReadonlyMap<string, readonly XmlElementNode[]> {
  return Map.groupBy(children, localNameOf);
}

function memberOf(name: string, elements: readonly XmlElementNode[]): string {
  const values = elements.map((element) => valueOf(element, "null"));
  const value = values.length === 1 ? values[0] : `[${values.join(",")}]`;
  return `${JSON.stringify(name)}:${value}`;
}

function attributeMembers(element: XmlElementNode): string[] {
  const members: string[] = [];
  for (const attribute of element.attributes) {
    if (attribute.namespaceURI === XMLNS || attribute.namespaceURI === XSI) continue;
    const name = attribute.localName ?? attribute.name;
    members.push(`${JSON.stringify(`@${name}`)}:${JSON.stringify(attribute.value)}`);
  }
  return members;
}

function scalar(text: string): string {
  return LITERAL.test(text) ? text : JSON.stringify(text);
}

function localNameOf(element: XmlElementNode): string {
  return jsonName(element.localName ?? element.nodeName);
}
