/** Properties as scripts see them: texts, numbers and booleans as they are, XML as a tree. */
import { MediationFault } from "../mediation-fault.ts";
import type { Message } from "../message/message.ts";
import {
  axis2Property,
  getProperty,
  PROPERTY_SCOPES,
  type PropertyScope,
  removeProperty,
  setProperty,
} from "../message/property-scope.ts";
import { propertyText, type PropertyValue } from "../message/property-value.ts";
import { isElement, parseDocument, rootOf } from "../xml/dom.ts";
import { scriptTree } from "./script-tree.ts";

function scopeOf(word: string): PropertyScope {
  const name = word === "synapse" || word === "" ? "default" : word;
  const scope = PROPERTY_SCOPES.find((known) => known === name);
  if (scope) return scope;
  throw new MediationFault(
    `Unsupported scope ${word} for a property in a script: one of ${PROPERTY_SCOPES.join(", ")}`,
  );
}

/** The value with its kind; undefined when there is none. */
export function readProperty(message: Message, name: string, scope: string): unknown {
  const value = valueOf(message, scopeOf(scope), name);
  if (value === undefined) return undefined;
  if (typeof value === "object") {
    const [node] = value;
    if (value.length === 1 && node && isElement(node))
      return { kind: "xml", value: scriptTree(node) };
    return { kind: "text", value: propertyText(value) };
  }
  if (typeof value !== "bigint") return { kind: "value", value };
  const number = Number(value);
  return { kind: "value", value: Number.isSafeInteger(number) ? number : String(value) };
}

function valueOf(message: Message, scope: PropertyScope, name: string): PropertyValue | undefined {
  switch (scope) {
    case "default":
      return message.properties.get(name);
    case "transport":
      return message.headers.get(name);
    case "operation":
      return message.exchange.operation.get(name);
    case "axis2":
    case "axis2-client":
      return axis2Property(message, name);
    case "registry":
    default: {
      const value = getProperty(message, [scope, name]);
      return value === "" ? undefined : value;
    }
  }
}

/** Sets a property; `given` is `{ kind, value }` as the sandbox made it. */
export function writeProperty(
  message: Message,
  {
    name,
    scope,
    given,
  }: { readonly name: string; readonly scope: string; readonly given: unknown },
): void {
  const value = givenValue(given);
  if (value === undefined) removeProperty(message, scopeOf(scope), name);
  else setProperty(message, scopeOf(scope), name, value);
}

function givenValue(given: unknown): PropertyValue | undefined {
  if (typeof given !== "object" || given === null) return undefined;
  const { kind, value } = given as Readonly<Record<"kind" | "value", unknown>>;
  if (kind === "xml" && typeof value === "string") return [rootOf(parseDocument(value))];
  const isPlain =
    typeof value === "string" || typeof value === "number" || typeof value === "boolean";
  return isPlain ? value : undefined;
}

export function removeScriptProperty(message: Message, name: string, scope: string): void {
  removeProperty(message, scopeOf(scope), name);
}
