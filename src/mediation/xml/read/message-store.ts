/**
 * Reads message stores (MessageStoreFactory):
 *
 *   <messageStore name="string" [class="string"]>
 *     <parameter name="string">text</parameter>*
 *   </messageStore>
 *
 * Without class the store is in memory. Classes are told by their last name, so that the packages of old and new versions
 * mean the same.
 */
import { attributeOf } from "../../../config/xml-query.ts";
import type { XmlElement } from "../../../config/xml.ts";
import { MEMORY_STORE_CAPACITY } from "../../stores/memory-store.ts";
import type {
  RabbitMqSettings,
  RedisSettings,
  StoreDefinition,
} from "../../stores/store-definition.ts";
import { Parameters } from "./parameters.ts";
import type { ReadContext } from "./read-context.ts";

const PORTS = [1, 65_535] as const;
const CAPACITIES = [1, 100_000_000] as const;
const RABBITMQ_PORT = 5672;
const REDIS_PORT = 6379;

const INSTEAD =
  "Use org.apache.synapse.message.store.impl.rabbitmq.RabbitMQStore (RabbitMQ), RedisStore (Redis), or leave the class out for a store in memory";

/** What is said of classes that people bring along. */
const REFUSED: Readonly<Record<string, string>> = {
  JmsStore: "there is no JMS in this engine",
  JMSMessageStore: "there is no JMS in this engine",
  JDBCMessageStore: "messages are not kept in SQL tables",
  ResequenceMessageStore: "messages are not kept in SQL tables, nor put into another order",
};

/** Undefined when the store is faulty (a problem was reported). */
export function readMessageStore(
  element: XmlElement,
  context: ReadContext,
): StoreDefinition | undefined {
  const name = attributeOf(element, "name")?.trim();
  if (!name) return context.error(element, "Message Store name not specified");
  const parameters = new Parameters(element, context);
  const basics = {
    name,
    capacity: parameters.number("store.capacity", MEMORY_STORE_CAPACITY, CAPACITIES),
    failoverStore: parameters.text("store.failover.message.store.name"),
  };
  const className = attributeOf(element, "class")?.trim() ?? "";
  switch (className.slice(className.lastIndexOf(".") + 1)) {
    case "":
    case "InMemoryStore":
    case "InMemoryMessageStore":
      return { ...basics, kind: "memory" };
    case "RabbitMQStore": {
      const rabbitMq = readRabbitMq(name, parameters, element, context);
      return rabbitMq && { ...basics, kind: "rabbitmq", rabbitMq };
    }
    case "RedisStore":
    case "RedisMessageStore":
      return { ...basics, kind: "redis", redis: readRedis(name, parameters) };
    default:
      return refuse(className, element, context);
  }
}

function refuse(className: string, element: XmlElement, context: ReadContext): undefined {
  const last = className.slice(className.lastIndexOf(".") + 1);
  const reason = Object.hasOwn(REFUSED, last) ? REFUSED[last] : "Java classes do not run here";
  return context.error(
    element,
    `Message store class ${className} is refused: ${reason}. ${INSTEAD}`,
  );
}

function readRabbitMq(
  name: string,
  parameters: Parameters,
  element: XmlElement,
  context: ReadContext,
): RabbitMqSettings | undefined {
  const host = parameters.text("store.rabbitmq.host.name");
  if (host === undefined)
    return context.error(
      element,
      `Store [${name}] host name is not correctly defined: the parameter store.rabbitmq.host.name is required`,
    );
  const queue = parameters.text("store.rabbitmq.queue.name") ?? `${name}_Queue`;
  return {
    host,
    port: parameters.number("store.rabbitmq.host.port", RABBITMQ_PORT, PORTS),
    username: parameters.text("store.rabbitmq.username") ?? "guest",
    password: parameters.text("store.rabbitmq.password") ?? "guest",
    virtualHost: parameters.text("store.rabbitmq.virtual.host") ?? "/",
    queue,
    exchange: parameters.text("store.rabbitmq.exchange.name"),
    routeKey: parameters.text("store.rabbitmq.route.key") ?? queue,
    tls: parameters.flag("rabbitmq.connection.ssl.enabled", false),
  };
}

function readRedis(name: string, parameters: Parameters): RedisSettings {
  return {
    host: parameters.text("store.redis.host") ?? "localhost",
    port: parameters.number("store.redis.port", REDIS_PORT, PORTS),
    username: parameters.text("store.redis.username"),
    password: parameters.text("store.redis.password"),
    database: parameters.number("store.redis.database", 0, [0, 1_000]),
    key: parameters.text("store.redis.key") ?? `bascule:store:${name}`,
    tls: parameters.flag("store.redis.ssl.enabled", false),
  };
}
