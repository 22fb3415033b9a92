/**
 * Values of message properties and their types (PropertyMediator: XMLConfigConstants.DATA_TYPES). Numbers print
 * as Java prints them, since configurations compare the text.
 */
import { MediationFault } from "../mediation-fault.ts";
import { parseDocument, rootOf, type XmlNode } from "../xml/dom.ts";
import { javaFloatText, javaNumberText } from "./java-number.ts";
import { xpathText, type XPathValue } from "../xml/xpath.ts";

/** Whole numbers are bigint: a LONG does not fit a double, and none of them prints a fraction. */
export type PropertyValue = string | number | bigint | boolean | readonly XmlNode[];

export const PROPERTY_TYPES = [
  "STRING",
  "INTEGER",
  "BOOLEAN",
  "DOUBLE",
  "FLOAT",
  "LONG",
  "SHORT",
  "OM",
] as const;

export type PropertyType = (typeof PROPERTY_TYPES)[number];

const RANGES: Readonly<Record<"INTEGER" | "LONG" | "SHORT", readonly [bigint, bigint]>> = {
  SHORT: [-32_768n, 32_767n],
  INTEGER: [-2_147_483_648n, 2_147_483_647n],
  LONG: [-9_223_372_036_854_775_808n, 9_223_372_036_854_775_807n],
};

/** The text of a value. */
export function propertyText(value: PropertyValue): string {
  return typeof value === "bigint" ? String(value) : xpathText(value);
}

/** The value as XPath sees it: a number prints as it stands in the property. */
export function propertyXPathValue(value: PropertyValue): XPathValue {
  return typeof value === "bigint" || typeof value === "number" ? String(value) : value;
}

/**
 * Converts to a type.
 * @throws MediationFault when the text is not of that type.
 */
export function convertProperty(value: PropertyValue, type: PropertyType): PropertyValue {
  switch (type) {
    case "STRING":
      return propertyText(value);
    case "OM":
      return typeof value === "string" ? elementOf(value) : value;
    case "BOOLEAN":
      return /^(?:true|yes|1)$/i.test(propertyText(value).trim());
    case "DOUBLE":
      return javaNumberText(toDecimal(propertyText(value), type));
    case "FLOAT":
      return javaFloatText(toDecimal(propertyText(value), type));
    case "INTEGER":
    case "LONG":
    case "SHORT":
    default:
      return toInteger(propertyText(value), type);
  }
}

/** The element that a text holds; a text that is no XML stays one. */
function elementOf(text: string): PropertyValue {
  if (!text.trimStart().startsWith("<")) return text;
  try {
    return [rootOf(parseDocument(text))];
  } catch (error) {
    if (error instanceof MediationFault) return text;
    throw error;
  }
}

function toDecimal(text: string, type: PropertyType): number {
  const number = Number(text.trim().replace(/[dDfF]$/, ""));
  if (text.trim() === "" || Number.isNaN(number)) throw unconvertible(type);
  return number;
}

function toInteger(text: string, type: "INTEGER" | "LONG" | "SHORT"): bigint {
  if (!/^[+-]?\d{1,19}$/.test(text)) throw unconvertible(type);
  const value = BigInt(text.replace(/^\+/, ""));
  const [least, greatest] = RANGES[type];
  if (value < least || value > greatest) throw unconvertible(type);
  return value;
}

function unconvertible(type: PropertyType): MediationFault {
  return new MediationFault(
    `Unknown type : ${type} or the property value cannot be converted into the specified type.`,
  );
}
