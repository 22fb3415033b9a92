/**
 * JSON as the XML that XPath sees (Synapse's JsonStreamBuilder): an object is `<jsonObject>`, an array
 * `<jsonArray>` of `<jsonElement>`; a name that XML does not allow is escaped character by character
 * (`_JsonReader_32_` is a blank), a leading character that may not start a name as `_JsonReader_PS_..`.
 */
import { encodeEntities } from "../../config/xml-entities.ts";
import { isExactNumber } from "./exact-number.ts";
import type { JsonValue } from "./json-path.ts";

/** The XML text of a JSON document. */
export function jsonToXml(root: JsonValue): string {
  if (Array.isArray(root)) return `<jsonArray>${arrayItems("jsonElement", root)}</jsonArray>`;
  return memberText("jsonObject", root);
}

function memberText(name: string, value: JsonValue): string {
  if (Array.isArray(value)) return arrayItems(name, value);
  if (value === null) return `<${name}/>`;
  if (isExactNumber(value)) return `<${name}>${JSON.stringify(value)}</${name}>`;
  if (typeof value !== "object") {
    // eslint-disable-next-line no-control-regex
    const text = String(value).replace(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, "");
    return `<${name}>${encodeEntities(text)}</${name}>`;
  }
  const members = Object.entries(value).map(([key, member]) => memberText(xmlName(key), member));
  return `<${name}>${members.join("")}</${name}>`;
}

/** An array inside an array has no name of its own. */
function arrayItems(name: string, values: readonly JsonValue[]): string {
  return values
    .map((value) =>
      Array.isArray(value)
        ? `<${name}>${arrayItems("jsonElement", value)}</${name}>`
        : memberText(name, value),
    )
    .join("");
}

/** A JSON name as an XML name. */
function xmlName(name: string): string {
  if (name === "") return "_JsonReader_PS_";
  const escaped = name.replace(
    /[^\w.-]/g,
    (character) => `_JsonReader_${character.charCodeAt(0)}_`,
  );
  return /^[A-Za-z_]/.test(escaped) ? escaped : `_JsonReader_PS_${escaped}`;
}

const ESCAPED = /_JsonReader_(?:(PS)|(\d{1,5}))_/g;

/** The JSON name of an XML name that `xmlName` made. */
export function jsonName(name: string): string {
  if (!name.includes("_JsonReader_")) return name;
  return name.replace(ESCAPED, (_, start: string | undefined, code: string | undefined) =>
    start === undefined ? String.fromCharCode(Number(code)) : "",
  );
}
