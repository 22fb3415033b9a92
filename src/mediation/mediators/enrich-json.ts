/**
 * `enrich` on JSON (Synapse's native JSON enrich): sides that speak JSONPath, and body and property of a message whose
 * payload is JSON. What XPath addresses goes the way of XML instead.
 */
import type { Message } from "../message/message.ts";
import { jsonPayload } from "../message/payload-builder.ts";
import { propertyText } from "../message/property-value.ts";
import { MediationFault } from "../mediation-fault.ts";
import { parseJson } from "../xml/exact-number.ts";
import { compileJsonPath, type JsonLocation } from "../xml/json-path.ts";
import { isArray, isObject, type JsonValue } from "../xml/json-value.ts";
import { setProperty } from "../message/property-scope.ts";
import type { EnrichAction, EnrichOptions, EnrichSource } from "./enrich.ts";
import { keyOf } from "./key-reference.ts";

/** True when the whole enrich was done as JSON. */
export async function enrichJson(options: EnrichOptions, message: Message): Promise<boolean> {
  const { source, target, action, clone } = options;
  if (isXPath(source) || isXPath(target)) return false;
  if (source.kind === "envelope" || target.kind === "envelope") return false;
  const payload = await message.payload();
  if (payload.kind !== "json") return false;
  const value = await sourceValue(source, message, payload.value);
  if (value === undefined) {
    message.environment.log.error("Couldn't find the source to enrich: the message stays as it is");
    return true;
  }
  let root = payload.value;
  if (!clone && source.kind === "custom")
    for (const { location } of located(source, root))
      root = changedAt(root, location, () => undefined) ?? null;
  if (target.kind === "property") {
    setProperty(message, target.scope, target.name, textOf(value));
    if (root === payload.value) return true;
  } else if (target.kind === "body") root = combined(root, action, value);
  else root = await atTarget(options, root, value);
  message.replacePayload(jsonPayload(JSON.stringify(root)));
  return true;
}

type Side = EnrichOptions["source"] | EnrichOptions["target"];

function isXPath(side: Side): boolean {
  return side.kind === "custom" && side.expression.jsonPath === undefined;
}

function located(side: Side, root: JsonValue): readonly { readonly location: JsonLocation }[] {
  return side.kind === "custom" ? (side.expression.jsonPath?.locate(root) ?? []) : [];
}

async function sourceValue(
  source: EnrichSource,
  message: Message,
  root: JsonValue,
): Promise<JsonValue | undefined> {
  switch (source.kind) {
    case "body":
      return root;
    case "inline":
      return parsed(source.text);
    case "property": {
      const value = message.properties.get(source.name);
      return value === undefined ? undefined : parsed(propertyText(value));
    }
    case "key": {
      const entry = message.environment.resource(await keyOf(source.key, message));
      return entry && parsed(entry.text);
    }
    case "custom": {
      const hits = source.expression.jsonPath?.select(root) ?? [];
      return hits.length > 1 ? hits : hits[0];
    }
    case "envelope":
    default:
      return undefined;
  }
}

/** JSON text as its value, anything else as a string. */
function parsed(text: string): JsonValue {
  try {
    return parseJson(text);
  } catch {
    return text.trim();
  }
}

function textOf(value: JsonValue): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

async function atTarget(
  { target, action }: EnrichOptions,
  root: JsonValue,
  value: JsonValue,
): Promise<JsonValue> {
  const places = located(target, root);
  const locations =
    places.length > 0 ? places.map(({ location }) => location) : missing(target, action, root);
  let changed = root;
  for (const location of locations)
    changed =
      action === "sibling"
        ? besides(changed, location, value)
        : (changedAt(changed, location, (present) => combined(present, action, value)) ?? null);
  return changed;
}

/** A member that is not there yet can be set, when the object around it is there. */
function missing(target: Side, action: EnrichAction, root: JsonValue): readonly JsonLocation[] {
  const source = target.kind === "custom" ? (target.expression.jsonPath?.source.trim() ?? "") : "";
  const [tail = "", name] = /\.([^.[\]()\s'"*?,$]+)$/.exec(source) ?? [];
  const places =
    action === "replace" && name !== undefined
      ? compileJsonPath(source.slice(0, -tail.length)).locate(root)
      : [];
  const [place] = places;
  if (!place || !isObject(place.value) || name === undefined)
    throw new MediationFault("Invalid Target object to be enrich.");
  return [[...place.location, name]];
}

function combined(present: JsonValue, action: EnrichAction, value: JsonValue): JsonValue {
  if (action !== "child") return value;
  if (isArray(present)) return [...present, ...(isArray(value) ? value : [value])];
  if (isObject(present) && isObject(value)) return { ...present, ...value };
  throw new MediationFault(
    "Invalid Target object to be enrich: a child needs a JSON object or array",
  );
}

/** A sibling stands behind the value in its array; beside a member of an object its members are merged. */
function besides(root: JsonValue, location: JsonLocation, value: JsonValue): JsonValue {
  const at = location.at(-1);
  const insert = (parent: JsonValue): JsonValue => {
    if (isArray(parent) && typeof at === "number") return parent.toSpliced(at + 1, 0, value);
    return combined(parent, "child", value);
  };
  return changedAt(root, location.slice(0, -1), insert) ?? null;
}

/** A copy with one value changed; `change` returns undefined to take it out. */
function changedAt(
  root: JsonValue,
  location: JsonLocation,
  change: (present: JsonValue) => JsonValue | undefined,
): JsonValue | undefined {
  const [first, ...rest] = location;
  if (first === undefined) return change(root);
  if (isArray(root) && typeof first === "number") {
    const item = changedAt(root[first] ?? null, rest, change);
    return item === undefined ? root.toSpliced(first, 1) : root.with(first, item);
  }
  if (!isObject(root)) return root;
  const name = String(first);
  const member = changedAt(root[name] ?? null, rest, change);
  const entries = Object.entries(root).filter(([key]) => member !== undefined || key !== name);
  if (member === undefined) return Object.fromEntries(entries);
  const copy = entries.map(([key, held]) => [key, key === name ? member : held] as const);
  return Object.fromEntries(Object.hasOwn(root, name) ? copy : [...copy, [name, member] as const]);
}
