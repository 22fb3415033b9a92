/**
 * Reads tasks (TaskDescriptionFactory, MessageInjector):
 *
 *   <task name="string" class="org.apache.synapse.startup.tasks.MessageInjector" [pinnedServers="names"]>
 *     <trigger ([interval="seconds" [count="integer"]] | [cron="expression"] | [once="true"])/>
 *     <property name="message"><xml/></property>
 *     <property name="to|soapAction|format|injectTo|sequenceName|proxyName|registryKey" value="string"/>*
 *   </task>
 */
import {
  attributeOf,
  childElements,
  childNamed,
  childrenNamed,
} from "../../../config/xml-query.ts";
import type { XmlElement } from "../../../config/xml.ts";
import { messageOf } from "../../../errors/app-error.ts";
import { type InjectorDefinition, MESSAGE_FORMATS } from "../../jobs/message-injector.ts";
import { readPinnedServers } from "../../jobs/pinned-servers.ts";
import { parseQuartzCron } from "../../jobs/quartz-cron.ts";
import type { TaskDefinition, Trigger } from "../../jobs/task.ts";
import { elementText } from "../element-text.ts";
import type { ReadContext } from "./read-context.ts";

/** A year. */
const INTERVAL_SECONDS_MAX = 31_536_000;

/** Undefined when the task is faulty (a problem was reported). */
export function readTask(element: XmlElement, context: ReadContext): TaskDefinition | undefined {
  const name = attributeOf(element, "name")?.trim();
  if (!name) return context.error(element, "Name for a task is required");
  const className = attributeOf(element, "class")?.trim() ?? "";
  if (!className.endsWith("MessageInjector"))
    return context.error(
      element,
      `Task class "${className}" is refused: Java classes do not run here. Use org.apache.synapse.startup.tasks.MessageInjector and put the work into a sequence`,
    );
  const trigger = readTrigger(element, context);
  const injector = readInjector(element, context);
  if (!trigger || !injector) return undefined;
  const pinnedServers = readPinnedServers(attributeOf(element, "pinnedServers"));
  return { name, trigger, injector, pinnedServers, source: element.source };
}

function readTrigger(element: XmlElement, context: ReadContext): Trigger | undefined {
  const trigger = childNamed(element, "trigger");
  if (!trigger) return context.error(element, "A task needs a trigger element");
  const cron = attributeOf(trigger, "cron")?.trim();
  if (cron) return readCron(cron, trigger, context);
  const isOnce = attributeOf(trigger, "once")?.trim().toLowerCase() === "true";
  if (isOnce) return { kind: "simple", intervalMs: 1_000, count: 1 };
  const interval = wholeNumber(attributeOf(trigger, "interval"));
  if (interval === undefined || interval < 1 || interval > INTERVAL_SECONDS_MAX)
    return context.error(
      trigger,
      `The trigger of a task needs cron, once="true", or an interval from 1 to ${INTERVAL_SECONDS_MAX} seconds`,
    );
  const text = attributeOf(trigger, "count");
  const count = wholeNumber(text);
  if (text !== undefined && count === undefined)
    return context.error(trigger, `The count of a trigger must be a whole number, not "${text}"`);
  const bounded = count !== undefined && count > 0 ? count : undefined;
  return { kind: "simple", intervalMs: interval * 1_000, count: bounded };
}

function readCron(source: string, trigger: XmlElement, context: ReadContext): Trigger | undefined {
  try {
    return { kind: "cron", cron: parseQuartzCron(source) };
  } catch (error) {
    return context.error(trigger, `The trigger's cron is faulty: ${messageOf(error)}`);
  }
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^-?\d{1,15}$/.test(text.trim()) ? Number(text) : undefined;
}

function readInjector(element: XmlElement, context: ReadContext): InjectorDefinition | undefined {
  const properties = new Map<string, string>();
  let xml: string | undefined;
  for (const child of childrenNamed(element, "property")) {
    const name = attributeOf(child, "name") ?? "";
    const [inner] = childElements(child);
    if (name === "message" && inner) xml = elementText(inner, true);
    else properties.set(name, (attributeOf(child, "value") ?? "").trim());
  }
  const text = (name: string): string | undefined => properties.get(name) || undefined;
  const payload = readPayload(xml, text("registryKey"), element, context);
  const format = (text("format") ?? "soap12").toLowerCase();
  const known = MESSAGE_FORMATS.find((name) => name === format);
  if (!known)
    return context.error(
      element,
      `The format of a task's message is one of ${MESSAGE_FORMATS.join(", ")}, not "${format}"`,
    );
  const target = readTarget(text, element, context);
  if (!payload || !target) return undefined;
  return { payload, format: known, target, to: text("to"), soapAction: text("soapAction") };
}

function readPayload(
  xml: string | undefined,
  key: string | undefined,
  element: XmlElement,
  context: ReadContext,
): InjectorDefinition["payload"] | undefined {
  if (key !== undefined) return { kind: "key", key };
  if (xml !== undefined) return { kind: "text", xml };
  return context.error(
    element,
    "message or registry-key not set: a task needs a message to inject",
  );
}

function readTarget(
  text: (name: string) => string | undefined,
  element: XmlElement,
  context: ReadContext,
): InjectorDefinition["target"] | undefined {
  const injectTo = (text("injectTo") ?? "main").toLowerCase();
  if (injectTo !== "proxy" && injectTo !== "sequence") return { kind: "main" };
  const property = injectTo === "proxy" ? "proxyName" : "sequenceName";
  const name = text(property);
  if (name !== undefined) return { kind: injectTo, name };
  return context.error(
    element,
    `The property ${property} is required where injectTo is ${injectTo}`,
  );
}
