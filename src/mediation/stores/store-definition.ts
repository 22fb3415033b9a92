/**
 * Message stores as the reader delivers them, and the opening of one. Connections are made when the first message needs
 * them, so that a generation compiles without any server.
 */
import type { Log } from "../../observability/log.ts";
import type { Clock } from "../../runtime/clock.ts";
import { type MemoryQueues, MemoryStore } from "./memory-store.ts";
import type { MessageStore } from "./message-store.ts";
import { RabbitMqStore } from "./rabbitmq-store.ts";
import { RedisStore } from "./redis-store.ts";

interface StoreBasics {
  readonly name: string;
  /** Most messages; on RabbitMQ for queues that the engine declares itself. */
  readonly capacity: number;
  /** store.failover.message.store.name */
  readonly failoverStore: string | undefined;
}

export interface RedisSettings {
  readonly host: string;
  readonly port: number;
  readonly username: string | undefined;
  /** Never logged. */
  readonly password: string | undefined;
  readonly database: number;
  /** Key of the list that holds the messages. */
  readonly key: string;
  readonly tls: boolean;
}

export interface RabbitMqSettings {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  /** Never logged. */
  readonly password: string;
  readonly virtualHost: string;
  readonly queue: string;
  /** Undefined: the default exchange. */
  readonly exchange: string | undefined;
  readonly routeKey: string;
  readonly tls: boolean;
}

export type StoreDefinition = StoreBasics &
  (
    | { readonly kind: "memory" }
    | { readonly kind: "redis"; readonly redis: RedisSettings }
    | { readonly kind: "rabbitmq"; readonly rabbitMq: RabbitMqSettings }
  );

/** What stores need of their surroundings. */
export interface StoreSurroundings {
  readonly queues: MemoryQueues;
  readonly log: Log;
  readonly clock: Clock;
}

/** The store of a definition; opens no connection yet. */
export function openStore(definition: StoreDefinition, around: StoreSurroundings): MessageStore {
  switch (definition.kind) {
    case "redis":
      return new RedisStore(definition, definition.redis, around);
    case "rabbitmq":
      return new RabbitMqStore(definition, definition.rabbitMq, around);
    case "memory":
    default: {
      const { name, capacity, failoverStore } = definition;
      return new MemoryStore({ name, capacity, failoverStore, queues: around.queues });
    }
  }
}
