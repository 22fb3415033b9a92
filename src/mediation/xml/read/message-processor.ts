/**
 * Reads message processors (MessageProcessorFactory):
 *
 *   <messageProcessor name="string" class="string" messageStore="string" [targetEndpoint="key"]>
 *     <parameter name="string">text</parameter>*
 *   </messageProcessor>
 *
 * Classes are told by their last name, so that the packages of old and new versions mean the same.
 */
import { attributeOf } from "../../../config/xml-query.ts";
import type { XmlElement } from "../../../config/xml.ts";
import { messageOf } from "../../../errors/app-error.ts";
import { forwarding } from "../../jobs/forwarding.ts";
import type { HandlerFactory, ProcessorDefinition } from "../../jobs/message-processor.ts";
import { readPinnedServers } from "../../jobs/pinned-servers.ts";
import { parseQuartzCron, type QuartzCron } from "../../jobs/quartz-cron.ts";
import type { RetryOptions } from "../../jobs/retrying-handler.ts";
import { sampling } from "../../jobs/sampling.ts";
import { storeForwarding } from "../../jobs/store-forwarding.ts";
import { Parameters } from "./parameters.ts";
import type { ReadContext } from "./read-context.ts";

const DAY_MS = 86_400_000;
const INTERVALS = [0, 365 * DAY_MS] as const;
const MEMBERS_MAX = 100;
const CONCURRENCY_MAX = 1_000;

/** Undefined when the processor is faulty (a problem was reported). */
export function readMessageProcessor(
  element: XmlElement,
  context: ReadContext,
): ProcessorDefinition | undefined {
  const name = attributeOf(element, "name")?.trim();
  if (!name) return context.error(element, "Can't create Message processor without a name");
  const store = attributeOf(element, "messageStore")?.trim();
  if (!store)
    return context.error(
      element,
      "Can't create a message processor with out a message Store: the 'messageStore' attribute is required",
    );
  const parameters = new Parameters(element, context);
  const handler = readHandler(element, parameters, context);
  const cron = readCron(element, parameters.text("cronExpression"), context);
  if (!handler || cron === "invalid") return undefined;
  return {
    name,
    store,
    handler,
    cron,
    intervalMs: parameters.number("interval", 1_000, INTERVALS),
    throttleMs: parameters.number("throttle.interval", 0, INTERVALS),
    members: parameters.number("member.count", 1, [1, MEMBERS_MAX]),
    isActive: parameters.flag("is.active", true),
    pinnedServers: readPinnedServers(parameters.text("pinnedServers")),
    source: element.source,
  };
}

function readHandler(
  element: XmlElement,
  parameters: Parameters,
  context: ReadContext,
): HandlerFactory | undefined {
  const className = attributeOf(element, "class")?.trim() ?? "";
  switch (className.slice(className.lastIndexOf(".") + 1)) {
    case "":
      return context.error(element, "Can't create Message processor without a provider class");
    case "ScheduledMessageForwardingProcessor":
      return readForwarding(element, parameters);
    case "SamplingProcessor":
      return readSampling(element, parameters, context);
    case "FailoverScheduledMessageForwardingProcessor":
      return readStoreForwarding(element, parameters, context);
    default:
      return context.error(
        element,
        `Message processor class ${className} is refused: Java classes do not run here. Use ScheduledMessageForwardingProcessor (to an endpoint), SamplingProcessor (to a sequence) or FailoverScheduledMessageForwardingProcessor (to another store) of Synapse`,
      );
  }
}

function readForwarding(element: XmlElement, parameters: Parameters): HandlerFactory {
  const statuses = (name: string): ReadonlySet<number> =>
    new Set((parameters.text(name) ?? "").split(/[\s,]+/).map(Number));
  return forwarding({
    ...readRetries(parameters),
    endpoint: attributeOf(element, "targetEndpoint")?.trim() ?? parameters.text("target.endpoint"),
    replySequence: parameters.text("message.processor.reply.sequence"),
    faultSequence: parameters.text("message.processor.fault.sequence"),
    acceptedStatuses: statuses("non.retry.status.codes"),
    failedStatuses: statuses("retry.http.status.codes"),
  });
}

function readSampling(
  element: XmlElement,
  parameters: Parameters,
  context: ReadContext,
): HandlerFactory | undefined {
  const sequence = parameters.text("sequence");
  if (sequence === undefined)
    return context.error(element, "The parameter sequence is required for a sampling processor");
  return sampling({
    sequence,
    concurrency: parameters.number("concurrency", 1, [1, CONCURRENCY_MAX]),
  });
}

function readStoreForwarding(
  element: XmlElement,
  parameters: Parameters,
  context: ReadContext,
): HandlerFactory | undefined {
  const target = parameters.text("message.target.store.name");
  if (target === undefined)
    return context.error(
      element,
      "The parameter message.target.store.name is required for a failover processor",
    );
  const faultSequence = parameters.text("message.processor.fault.sequence");
  return storeForwarding({ ...readRetries(parameters), target, faultSequence });
}

function readRetries(parameters: Parameters): RetryOptions {
  const attempts = parameters.number("max.delivery.attempts", -1, [-1, 1_000_000]);
  return {
    attemptsMax: attempts > 0 ? attempts : undefined,
    retryMs: parameters.number("client.retry.interval", 1_000, INTERVALS),
    dropsFailed: parameters.text("max.delivery.drop")?.toLowerCase() === "enabled",
    failedStore: parameters.text("fail.messages.store.name"),
    deactivateSequence: parameters.text("message.processor.deactivate.sequence"),
  };
}

function readCron(
  element: XmlElement,
  source: string | undefined,
  context: ReadContext,
): QuartzCron | undefined | "invalid" {
  if (source === undefined) return undefined;
  try {
    return parseQuartzCron(source);
  } catch (error) {
    context.error(element, `The parameter cronExpression is faulty: ${messageOf(error)}`);
    return "invalid";
  }
}
