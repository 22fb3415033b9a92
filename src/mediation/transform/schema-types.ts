/** Values of JSON made to fit a JSON schema: text as number or boolean, numbers as text, single values as arrays. */
import { MediationFault } from "../mediation-fault.ts";
import { isExactNumber } from "../xml/exact-number.ts";
import { isArray, isObject, type JsonValue } from "../xml/json-value.ts";

/** @throws MediationFault when a value cannot be made of the type that the schema asks for. */
export function fitToSchema(value: JsonValue, schema: JsonValue | undefined): JsonValue {
  if (schema === undefined || !isObject(schema)) return value;
  const type = schema["type"];
  switch (typeof type === "string" ? type : "") {
    case "object":
      return isObject(value) ? fitMembers(value, schema["properties"]) : value;
    case "array": {
      const items = isArray(value) ? value : [value];
      return items.map((item) => fitToSchema(item, schema["items"]));
    }
    case "string":
      if (isExactNumber(value)) return JSON.stringify(value);
      return typeof value === "number" || typeof value === "boolean" ? String(value) : value;
    case "number":
    case "integer":
      return typeof value === "string" ? numberOf(value) : value;
    case "boolean":
      return value === "true" || value === "false" ? value === "true" : value;
    default:
      return value;
  }
}

function fitMembers(
  value: { readonly [name: string]: JsonValue },
  properties: JsonValue | undefined,
): JsonValue {
  if (properties === undefined || !isObject(properties)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      fitToSchema(member, Object.hasOwn(properties, name) ? properties[name] : undefined),
    ]),
  );
}

function numberOf(text: string): number {
  const number = Number(text);
  if (text.trim() !== "" && Number.isFinite(number)) return number;
  throw new MediationFault(`Value "${text}" is not a number: it does not fit the JSON schema`);
}
