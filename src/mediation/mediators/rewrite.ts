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
  readonly kind: "set" | "append" | "prepend" | "replace" | "remove" | "remove-query-param";
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
    const value = await actionValue(action, message);
    const { fragment } = action;
    const present = fragment === "full" ? undefined : uriFragment(uri, fragment);
    uri = withFragment(uri, fragment, changed(action, present, value));
  }
  return uri;
}

/** Undefined: the action has none, or its expression found nothing. */
async function actionValue(
  { value }: RewriteAction,
  message: Message,
): Promise<string | undefined> {
  if (!value) return undefined;
  const text = await valueText(value, message);
  return value.kind === "expression" && text === "" ? undefined : text;
}

/** The whole URL and a port can only be set, whatever the action is called: RewriteAction.execute. */
function changed(
  { kind, fragment, pattern }: RewriteAction,
  present: string | undefined,
  value: string | undefined,
): string | undefined {
  if (fragment === "full" || fragment === "port") return value;
  const current = present ?? "";
  const glue = fragment === "query" ? "&" : "";
  switch (kind) {
    case "remove":
      return undefined;
    case "append":
      return value === undefined ? "" : joined(current, value, glue);
    case "prepend":
      return value === undefined ? "" : joined(value, current, glue);
    case "replace":
      return value === undefined || !pattern ? "" : replaceAllJava(current, pattern, value);
    case "remove-query-param":
      return withoutParameter(current, value ?? "");
    case "set":
    default:
      return value;
  }
}

/** Parameters of a query are joined by one "&", which later versions write of their own accord. */
function joined(first: string, second: string, glue: string): string {
  const isJoined = first === "" || second === "" || first.endsWith(glue) || second.startsWith(glue);
  return isJoined ? `${first}${second}` : `${first}${glue}${second}`;
}

/** The query without the first parameter of that name. */
function withoutParameter(query: string, name: string): string {
  const parameters = query.split("&");
  const at = parameters.findIndex((parameter) => parameter.startsWith(`${name}=`));
  return at === -1 ? query : parameters.toSpliced(at, 1).join("&");
}

function withFragment(uri: UriParts, fragment: UriFragment, value: string | undefined): UriParts {
  if (fragment === "full") return value === undefined ? EMPTY_URI : parseUri(value);
  if (fragment !== "port") return { ...uri, [fragment]: value };
  const port = value === undefined ? -1 : Number(value);
  if (Number.isInteger(port) && port >= -1 && port <= 65_535) return { ...uri, port };
  throw new MediationFault(`"${value ?? ""}" is not a port: rewrite cannot put it into the URL`);
}
