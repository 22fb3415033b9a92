/**
 * axis2.xml `<parameter name="properties">`: what a node tells the others of itself. Here `${hostName}` is
 * localMemberHost and `${httpPort}`, `${httpsPort}` are the management connectors' ports; any other name
 * is an earlier property of the list, then what it is everywhere else.
 */
import {
  readAttributes,
  attributeTable,
  branches,
  elementTable,
  readChildren,
} from "./element-table.ts";
import type { PlaceholderLookup } from "./placeholders.ts";
import type { SettingReader } from "./setting-reader.ts";
import { attributeOf } from "./xml-query.ts";
import type { XmlElement } from "./xml.ts";

/** Most properties of a member: its record travels in datagrams. */
export const MEMBER_PROPERTIES_MAX = 32;
/** Longest value of a property, in UTF-16 units. */
export const MEMBER_PROPERTY_LENGTH_MAX = 512;

/** What the special placeholders stand for; undefined where the node has no such port. */
export interface MemberAddresses {
  readonly hostName: string;
  readonly httpPort: number | undefined;
  readonly httpsPort: number | undefined;
}

type Properties = Map<string, string>;

/** Reads the `<property>` elements, subDomain among them. */
export function readMemberProperties(
  element: XmlElement,
  addresses: MemberAddresses,
  reader: SettingReader,
): Properties {
  const properties: Properties = new Map();
  const lookup = memberLookup(properties, addresses, reader.lookup);
  const table = elementTable<Properties>({
    property: branches((property) => readProperty(property, properties, lookup, reader)),
  });
  readChildren(element, table, properties, reader);
  return properties;
}

function memberLookup(
  earlier: Properties,
  addresses: MemberAddresses,
  general: PlaceholderLookup,
): PlaceholderLookup {
  return (name) => {
    if (name === "hostName") return addresses.hostName;
    const known = earlier.get(name) ?? general(name);
    if (known !== undefined) return known;
    if (name === "httpPort") return addresses.httpPort?.toString();
    return name === "httpsPort" ? addresses.httpsPort?.toString() : undefined;
  };
}

function readProperty(
  element: XmlElement,
  properties: Properties,
  lookup: PlaceholderLookup,
  reader: SettingReader,
): void {
  readAttributes(element, attributeTable({}, "name value"), {}, reader);
  const { place } = element;
  const name = attributeOf(element, "name")?.trim() ?? "";
  if (name === "") reader.problems.error(place, "<property> needs the attribute name");
  if (properties.has(name))
    reader.problems.error(place, `the member property "${name}" stands twice`);
  if (properties.size >= MEMBER_PROPERTIES_MAX) {
    reader.problems.error(place, `a member has at most ${MEMBER_PROPERTIES_MAX} properties`);
    return;
  }
  const value = reader.setting(attributeOf(element, "value") ?? "", place, lookup)?.text ?? "";
  if (value.length > MEMBER_PROPERTY_LENGTH_MAX)
    reader.problems.error(
      place,
      `the member property "${name}" is longer than ${MEMBER_PROPERTY_LENGTH_MAX} characters`,
    );
  properties.set(name, value);
}
