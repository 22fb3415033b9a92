/**
 * `log`: one line about the message (LogMediator), in WSO2's words: simple, headers, full or custom. Text that
 * comes from a message cannot start a line that looks like another record: control characters are escaped
 * and further lines are indented.
 */
import type { Log } from "../../observability/log.ts";
import { logText } from "../message/log-text.ts";
import type { Message } from "../message/message.ts";
import { elementsOf, rootOf, serializeNode, textContentOf } from "../xml/dom.ts";
import { headerOf } from "../xml/soap.ts";
import type { Mediator } from "./mediator.ts";
import { type NamedValue, valueText } from "./named-value.ts";

export const LOG_LEVELS = ["simple", "headers", "full", "custom"] as const;
export type LogMediatorLevel = (typeof LOG_LEVELS)[number];

export const LOG_CATEGORIES = ["INFO", "DEBUG", "TRACE", "WARN", "ERROR", "FATAL"] as const;
export type LogCategory = (typeof LOG_CATEGORIES)[number];

export interface LogOptions {
  readonly level: LogMediatorLevel;
  readonly category: LogCategory;
  /** Between the parts of the line. Default of Synapse: ", ". */
  readonly separator: string;
  readonly properties: readonly NamedValue[];
}

const METHODS = {
  INFO: "info",
  DEBUG: "debug",
  TRACE: "trace",
  WARN: "warn",
  ERROR: "error",
  FATAL: "fatal",
} as const satisfies Readonly<Record<LogCategory, keyof Log>>;

export class LogMediator implements Mediator {
  readonly kind = "log";
  readonly #options: LogOptions;

  constructor(options: LogOptions) {
    this.#options = options;
  }

  async mediate(message: Message): Promise<boolean> {
    const parts = [...(await this.#levelParts(message)), ...(await this.#propertyParts(message))];
    if (this.#options.level === "full") parts.push(await payloadPart(message));
    const line = parts.join(this.#options.separator);
    message.environment.mediatorLog[METHODS[this.#options.category]](line);
    return true;
  }

  async #levelParts(message: Message): Promise<readonly string[]> {
    switch (this.#options.level) {
      case "custom":
        return [];
      case "headers":
        return headerParts(message);
      case "full":
      case "simple":
      default:
        // Every level but custom is content-aware: addressing headers of the envelope count.
        await message.payload();
        return simpleParts(message);
    }
  }

  async #propertyParts(message: Message): Promise<readonly string[]> {
    const parts: string[] = [];
    for (const property of this.#options.properties)
      parts.push(`${property.name} = ${logText(await valueText(property, message))}`);
    return parts;
  }
}

function simpleParts(message: Message): readonly string[] {
  const { To, From, Action, ReplyTo, MessageID } = message.addressing;
  const parts = [`To: ${logText(To ?? "")}`];
  const add = (name: string, value: string | undefined): void => {
    if (value !== undefined) parts.push(`${name}: ${logText(value)}`);
  };
  add("From", From);
  add("WSAction", Action);
  add("SOAPAction", Action);
  add("ReplyTo", ReplyTo);
  add("MessageID", MessageID);
  parts.push(`Direction: ${message.direction}`);
  return parts;
}

async function headerParts(message: Message): Promise<readonly string[]> {
  const header = headerOf(await message.envelope());
  const blocks = header ? elementsOf(header) : [];
  return blocks.map((block) => `${block.localName ?? ""} : ${logText(textContentOf(block))}`);
}

async function payloadPart(message: Message): Promise<string> {
  const payload = await message.payload();
  if (payload.kind === "json") return `Payload: ${logText(payload.text)}`;
  return `Envelope: ${logText(serializeNode(rootOf(payload.envelope)))}`;
}
