/** `property`: sets or removes one property of a message, in one of five scopes (PropertyMediator). */
import { type Soon, whenThere } from "../../runtime/soon.ts";
import { evaluateProperty, type Expression } from "../message/expression.ts";
import type { Message } from "../message/message.ts";
import { type PropertyScope, removeProperty, setProperty } from "../message/property-scope.ts";
import {
  convertProperty,
  propertyText,
  type PropertyType,
  type PropertyValue,
} from "../message/property-value.ts";
import { parseDocument, rootOf } from "../xml/dom.ts";
import type { Mediator, Verdict } from "./mediator.ts";

/** Where the value comes from. `xml` is the text of an element; each message gets its own copy. */
export type PropertySource =
  | { readonly kind: "value"; readonly value: string }
  | { readonly kind: "expression"; readonly expression: Expression }
  | { readonly kind: "xml"; readonly xml: string };

export interface PropertyOptions {
  readonly name: string;
  readonly scope: PropertyScope;
  /** "remove", or where the new value comes from. */
  readonly action: "remove" | PropertySource;
  readonly type: PropertyType;
  /** Anchored at both ends; the property becomes the group's text, or all of it without such a group, "" when the value does not match. */
  readonly pattern: RegExp | undefined;
  readonly group: number;
}

export class PropertyMediator implements Mediator {
  readonly kind = "property";
  readonly #options: PropertyOptions;

  constructor(options: PropertyOptions) {
    this.#options = options;
  }

  mediate(message: Message): Verdict {
    const { name, scope, action } = this.#options;
    if (action !== "remove")
      return whenThere(sourceValue(action, message), (found) => this.#set(message, action, found));
    removeProperty(message, scope, name);
    return true;
  }

  #set(message: Message, action: PropertySource, found: PropertyValue): Verdict {
    const { name, scope } = this.#options;
    const value = action.kind === "xml" ? found : this.#convert(found);
    // A header that an expression found nothing for is not sent at all.
    if (scope === "transport" && action.kind === "expression" && value === "")
      removeProperty(message, scope, name);
    else setProperty(message, scope, name, value);
    // Choosing a formatter needs something to format: messageType is content-aware.
    if (scope === "axis2" && name === "messageType") return message.payload().then(() => true);
    return true;
  }

  #convert(value: PropertyValue): PropertyValue {
    const { type, pattern, group } = this.#options;
    if (!pattern) return convertedTo(value, type);
    const match = pattern.exec(propertyText(value));
    return convertedTo(match?.[match.length > group ? group : 0] ?? "", type);
  }
}

/** An expression that found nothing sets an empty value whatever its type. */
function convertedTo(value: PropertyValue, type: PropertyType): PropertyValue {
  return value === "" && type !== "BOOLEAN" ? "" : convertProperty(value, type);
}

function sourceValue(source: PropertySource, message: Message): Soon<PropertyValue> {
  switch (source.kind) {
    case "value":
      return source.value;
    case "expression":
      return evaluateProperty(source.expression, message);
    case "xml":
    default:
      return [rootOf(parseDocument(source.xml))];
  }
}
