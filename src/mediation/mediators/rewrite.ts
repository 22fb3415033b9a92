/**
 * `rewrite`: changes the address of a message, or one that a property holds, by rules (URLRewriteMediator). Rules run
 * in order, each on what the one before left; the result becomes To or the output property.
 */
import type { Message } from "../message/message.ts";
import { propertyText } from "../message/property-value.ts";
import { MediationFault } from "../mediation-fault.ts";
import { replaceAllJava } from "../xml/java-pattern.ts";
import { type Evaluator, evaluateCondition } from "./evaluators.ts";
import type { Mediator } from "./mediator.ts";
import { valueText, type ValueSource } from "./named-value.ts";
import {
  EMPTY_URI,
  parseUri,
  type UriFragment,
  uriFragment,
  type UriParts,
  uriText,
} from "./uri-parts.ts";

export interface RewriteAction {
  readonly kind: "set" | "append" | "prepend" | "replace" | "remove";
  readonly fragment: UriFragment;
  /** Undefined for "remove" only. */
  readonly value: ValueSource | undefined;
  /** Of "replace", made for replaceAll. */
  readonly pattern: RegExp | undefined;
}

export interface RewriteRule {
  /** Undefined: the actions always run. */
  readonly condition: Evaluator | undefined;
  readonly actions: readonly RewriteAction[];
}

export interface RewriteOptions {
  readonly rules: readonly RewriteRule[];
  /** Undefined: To. */
  readonly inProperty: string | undefined;
  readonly outProperty: string | undefined;
}

export class RewriteMediator implements Mediator {
  readonly kind = "rewrite";
  readonly #options: RewriteOptions;

  constructor(options: RewriteOptions) {
    this.#options = options;
  }

  async mediate(message: Message): Promise<boolean> {
    const { rules, outProperty } = this.#options;
    // To may stand in a WS-Addressing header.
    if (this.#options.inProperty === undefined && !message.isRest) await message.payload();
    let uri = this.#input(message);
    for (const rule of rules) uri = await applyRule(rule, message, uri);
    const text = uriText(uri);
    if (outProperty === undefined) message.addressing.To = text;
    else message.properties.set(outProperty, text);
    return true;
  }

  #input(message: Message): UriParts {
    const { inProperty } = this.#options;
    if (inProperty === undefined) {
      const { To: to } = message.addressing;
      return to === undefined ? EMPTY_URI : parseUri(to);
    }
    const value = message.properties.get(inProperty);
    return value === undefined ? EMPTY_URI : parseUri(propertyText(value));
  }
}

async function applyRule(rule: RewriteRule, message: Message, before: UriParts): Promise<UriParts> {
  if (rule.condition && !(await evaluateCondition(rule.condition, message, before))) return before;
  let uri = before;
  for (const action of rule.actions) {
    const value = action.value && (await valueText(action.value, message));
    uri = withFragment(
      uri,
      action.fragment,
      changed(action, uriFragment(uri, action.fragment), value),
    );
  }
  return uri;
}

function changed(
  action: RewriteAction,
  current: string | undefined,
  value = "",
): string | undefined {
  // A port is one number: appending to the port of an address means setting it.
  const isWholePort = action.fragment === "port" && action.kind !== "remove";
  switch (isWholePort ? "set" : action.kind) {
    case "append":
      return `${current ?? ""}${value}`;
    case "prepend":
      return `${value}${current ?? ""}`;
    case "replace":
      if (current === undefined || !action.pattern) return current;
      return replaceAllJava(current, action.pattern, value);
    case "remove":
      return undefined;
    case "set":
    default:
      return value;
  }
}

function withFragment(uri: UriParts, fragment: UriFragment, value: string | undefined): UriParts {
  if (fragment === "full") return value === undefined ? EMPTY_URI : parseUri(value);
  if (fragment !== "port") return { ...uri, [fragment]: value };
  const port = value === undefined ? -1 : Number(value);
  if (Number.isInteger(port) && port >= -1 && port <= 65_535) return { ...uri, port };
  throw new MediationFault(`"${value ?? ""}" is not a port: rewrite cannot put it into the URL`);
}
