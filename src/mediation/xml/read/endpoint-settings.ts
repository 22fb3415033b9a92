/**
 * Reads what address, http, wsdl and default endpoints have in common (EndpointDefinitionFactory):
 *
 *   [format="soap11|soap12|pox|get|rest"] [optimize="mtom|swa"] [encoding="charset"]
 *   <enableAddressing [version="final|submission"] [separateListener="true"]/>?
 *   <timeout><duration>ms|{expression}</duration><responseAction>fault|discard</responseAction></timeout>?
 *   <markForSuspension><errorCodes/>? <retriesBeforeSuspension/>? <retryDelay/>?</markForSuspension>?
 *   <suspendOnFailure><errorCodes/>? <initialDuration/>? <progressionFactor/>? <maximumDuration/>?</suspendOnFailure>?
 *   <retryConfig><disabledErrorCodes/>? <enabledErrorCodes/>?</retryConfig>?
 */
import { attributeOf, childNamed, childrenNamed, textOf } from "../../../config/xml-query.ts";
import type { XmlElement } from "../../../config/xml.ts";
import {
  ENDPOINT_FORMATS,
  type EndpointFormat,
  type EndpointIdentity,
  type EndpointProperty,
  type EndpointSettings,
  type RetryRules,
} from "../../endpoints/endpoint.ts";
import { DEFAULT_SUSPENSION, type SuspensionRules } from "../../endpoints/endpoint-health.ts";
import { PROPERTY_SCOPES } from "../../message/property-scope.ts";
import type { ReadContext } from "./read-context.ts";

/**
 * The settings in `body`, the child of an endpoint that says its kind.
 * @returns undefined when something is faulty (a problem was reported).
 */
export function readSettings(
  element: XmlElement,
  body: XmlElement,
  context: ReadContext,
): EndpointSettings | undefined {
  warnOf(body, context);
  const identity = readIdentity(element, context);
  const format = readFormat(body, context);
  const addressing = readAddressingVersion(body, context);
  const timeout = readTimeout(body, context);
  const suspension = readSuspension(body, context);
  const retry = readRetry(body, context);
  if (refusesSecurity(body, context)) return undefined;
  if (!identity || format === "invalid" || addressing === "invalid") return undefined;
  if (!timeout || !suspension || !retry) return undefined;
  const encoding = attributeOf(body, "encoding")?.trim();
  return {
    ...identity,
    format,
    ...timeout,
    addressing,
    encoding: encoding === "" ? undefined : encoding,
    suspension,
    retry,
  };
}

/** Name, properties and onError of an endpoint of any kind. */
export function readIdentity(
  element: XmlElement,
  context: ReadContext,
): EndpointIdentity | undefined {
  const properties: EndpointProperty[] = [];
  for (const child of childrenNamed(element, "property")) {
    const property = readProperty(child, context);
    if (!property) return undefined;
    properties.push(property);
  }
  const name = attributeOf(element, "name")?.trim();
  return {
    name: name === "" ? undefined : name,
    identity: context.endpoints.identityOf(element),
    properties,
    onError: attributeOf(element, "onError"),
  };
}

function readProperty(element: XmlElement, context: ReadContext): EndpointProperty | undefined {
  const name = attributeOf(element, "name");
  if (!name) return context.error(element, "The 'name' attribute is required for a property");
  const word = attributeOf(element, "scope") ?? "default";
  const scope = PROPERTY_SCOPES.find((known) => known === (word === "synapse" ? "default" : word));
  if (!scope) return context.error(element, `Unsupported scope ${word} for a property`);
  const source = context.valueSource(element);
  if (source) return { name, scope, source };
  if (attributeOf(element, "expression") !== undefined) return undefined;
  return context.error(element, "A property of an endpoint needs a 'value' or an 'expression'");
}

function warnOf(body: XmlElement, context: ReadContext): void {
  const optimize = attributeOf(body, "optimize")?.trim();
  if (optimize)
    context.warning(
      body,
      `optimize="${optimize}" has no effect: attachments are not sent as MTOM or SwA, binary content stays in the message as base64`,
    );
  const addressing = childNamed(body, "enableAddressing");
  if (addressing && attributeOf(addressing, "separateListener")?.trim().toLowerCase() === "true")
    context.warning(
      addressing,
      "separateListener has no effect: responses are taken from the connection of their request",
    );
}

/** A message that goes out unprotected where protection was asked for is worse than none. */
function refusesSecurity(body: XmlElement, context: ReadContext): boolean {
  const security = childNamed(body, "enableSec");
  if (!security) return false;
  context.error(
    security,
    "enableSec (WS-Security) is not supported: take it out and protect the connection with https, or set the security header with the header or payloadFactory mediator",
  );
  return true;
}

function readFormat(
  body: XmlElement,
  context: ReadContext,
): EndpointFormat | undefined | "invalid" {
  const word = attributeOf(body, "format")?.trim().toLowerCase();
  if (word === undefined || word === "") return undefined;
  const format = ENDPOINT_FORMATS.find((known) => known === word);
  if (format) return format;
  context.error(body, `Invalid endpoint format "${word}": one of ${ENDPOINT_FORMATS.join(", ")}`);
  return "invalid";
}

function readAddressingVersion(
  body: XmlElement,
  context: ReadContext,
): "final" | "submission" | undefined | "invalid" {
  const element = childNamed(body, "enableAddressing");
  if (!element) return undefined;
  const version = (attributeOf(element, "version") ?? "final").trim().toLowerCase();
  if (version === "final" || version === "submission") return version;
  context.error(
    element,
    "Unknown value for the addressing version. Possible values for the addressing version are 'final' and 'submission' only.",
  );
  return "invalid";
}

type TimeoutSettings = Pick<EndpointSettings, "timeoutMs" | "timeoutExpression" | "timeoutAction">;

function readTimeout(body: XmlElement, context: ReadContext): TimeoutSettings | undefined {
  const element = childNamed(body, "timeout");
  const timeoutAction = element ? readAction(element, context) : "discard";
  const duration = element && childNamed(element, "duration");
  const text = duration ? textOf(duration) : "0";
  if (!timeoutAction) return undefined;
  const dynamic = /^\{(.*)\}$/s.exec(text)?.[1];
  if (duration && dynamic !== undefined) {
    const timeoutExpression = context.compile(duration, dynamic);
    return timeoutExpression && { timeoutMs: undefined, timeoutExpression, timeoutAction };
  }
  if (!/^-?\d{1,12}$/.test(text))
    return context.error(
      duration ?? body,
      "Endpoint timeout duration expected as a number of milliseconds, or as an {expression} that yields one",
    );
  const timeoutMs = Number(text) > 0 ? Math.min(Number(text), TIMER_MAX_MS) : undefined;
  return { timeoutMs, timeoutExpression: undefined, timeoutAction };
}

/** The longest time that a timer of Node takes. */
const TIMER_MAX_MS = 2_147_483_647;

function readAction(element: XmlElement, context: ReadContext): "fault" | "discard" | undefined {
  const action = childNamed(element, "responseAction") ?? childNamed(element, "action");
  const word = action ? textOf(action).toLowerCase() : "";
  if (word === "fault") return "fault";
  if (word === "discard" || word === "") return "discard";
  return context.error(
    action ?? element,
    `Invalid timeout action, action : ${word} is not supported: fault or discard`,
  );
}

function readSuspension(body: XmlElement, context: ReadContext): SuspensionRules | undefined {
  const numbers = new NumberReader(context);
  const mark = childNamed(body, "markForSuspension");
  const suspend = childNamed(body, "suspendOnFailure");
  const deprecated = childNamed(body, "suspendDurationOnFailure");
  if (deprecated)
    context.warning(
      deprecated,
      "Configuration uses deprecated style for endpoint 'suspendDurationOnFailure'",
    );
  const oldMs = numbers.whole(body, "suspendDurationOnFailure");
  const rules: SuspensionRules = {
    timeoutCodes: numbers.codes(mark, "errorCodes"),
    retriesBeforeSuspension: numbers.whole(mark, "retriesBeforeSuspension") ?? 0,
    retryDelayMs: numbers.whole(mark, "retryDelay") ?? 0,
    suspendCodes: numbers.codes(suspend, "errorCodes"),
    initialDurationMs:
      numbers.whole(suspend, "initialDuration") ??
      (oldMs === undefined ? DEFAULT_SUSPENSION.initialDurationMs : 1_000 * oldMs),
    progressionFactor:
      numbers.decimal(suspend, "progressionFactor") ?? DEFAULT_SUSPENSION.progressionFactor,
    maximumDurationMs:
      numbers.whole(suspend, "maximumDuration") ?? DEFAULT_SUSPENSION.maximumDurationMs,
  };
  return numbers.isFaulty ? undefined : rules;
}

function readRetry(body: XmlElement, context: ReadContext): RetryRules | undefined {
  const numbers = new NumberReader(context);
  const element = childNamed(body, "retryConfig");
  const rules = {
    disabledCodes: numbers.codes(element, "disabledErrorCodes"),
    enabledCodes: numbers.codes(element, "enabledErrorCodes"),
  };
  return numbers.isFaulty ? undefined : rules;
}

/** Numbers in child elements; remembers whether one was none. */
class NumberReader {
  readonly #context: ReadContext;
  isFaulty = false;

  constructor(context: ReadContext) {
    this.#context = context;
  }

  whole(parent: XmlElement | undefined, name: string): number | undefined {
    return this.#read(parent, name, /^[+-]?\d{1,15}$/, "a valid number");
  }

  decimal(parent: XmlElement | undefined, name: string): number | undefined {
    return this.#read(parent, name, /^[+-]?(?:\d{1,9}\.?\d*|\.\d+)[fFdD]?$/, "a valid float");
  }

  codes(parent: XmlElement | undefined, name: string): readonly number[] {
    const element = parent && childNamed(parent, name);
    const words = element
      ? textOf(element)
          .split(/[\s,]+/)
          .filter((word) => word !== "")
      : [];
    const faulty = words.find((word) => !/^[+-]?\d{1,9}$/.test(word));
    if (element && faulty !== undefined)
      this.#report(
        element,
        `${name} should be specified as valid numbers separated by commas : ${faulty}`,
      );
    return words.map(Number);
  }

  #read(
    parent: XmlElement | undefined,
    name: string,
    pattern: RegExp,
    what: string,
  ): number | undefined {
    const element = parent && childNamed(parent, name);
    const text = element ? textOf(element) : "";
    if (!element || text === "") return undefined;
    if (pattern.test(text)) return Number(text.replace(/[fFdD]$/, ""));
    this.#report(element, `${name} should be specified as ${what} : ${text}`);
    return undefined;
  }

  #report(element: XmlElement, sentence: string): void {
    this.isFaulty = true;
    this.#context.error(element, sentence);
  }
}
