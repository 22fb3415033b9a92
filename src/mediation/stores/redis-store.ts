/**
 * A message store in Redis (6.2 or newer): one list of JSON texts that all nodes share. A consumer moves the oldest message
 * into a list of its own, so that one that a node had in hand when it died is there for the next holder of
 * the consumer's name. What somebody else wrote into the list is put aside, not lost.
 */
import type { Redis } from "ioredis";
import type { Log } from "../../observability/log.ts";
import { IdleConnection } from "./idle-connection.ts";
import { fullStore, type MessageStore, type StoreConsumer, StoreFailure } from "./message-store.ts";
import type { RedisSettings, StoreDefinition, StoreSurroundings } from "./store-definition.ts";
import { decodeStored, encodeStored, type StoredMessage } from "./stored-message.ts";

/** Texts put aside, at most; the oldest go first. */
const UNREADABLE_MAX = 1_000;
const CONNECT_MS = 5_000;

/** KEYS: list; ARGV: capacity, text. 0 when the list is full. */
const PUSH = `if redis.call('LLEN', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end
return redis.call('RPUSH', KEYS[1], ARGV[2])`;

interface Received {
  /** As it is in the list. */
  readonly text: string;
  readonly message: StoredMessage;
}

export class RedisStore implements MessageStore {
  readonly name: string;
  readonly isShared = true;
  readonly failoverStore: string | undefined;
  readonly #capacity: number;
  readonly #key: string;
  readonly #log: Log;
  readonly #connection: IdleConnection<Redis>;

  constructor(
    definition: Pick<StoreDefinition, "name" | "capacity" | "failoverStore">,
    settings: RedisSettings,
    around: StoreSurroundings,
  ) {
    this.name = definition.name;
    this.failoverStore = definition.failoverStore;
    this.#capacity = definition.capacity;
    this.#key = settings.key;
    this.#log = around.log;
    this.#connection = new IdleConnection({
      title: `message store ${this.name} (Redis at ${settings.host}:${settings.port})`,
      clock: around.clock,
      open: () => connect(settings),
      close: async (redis) => redis.disconnect(),
      break: (redis) => redis.disconnect(),
    });
  }

  async add(message: StoredMessage): Promise<void> {
    const text = encodeStored(message);
    const length = await this.#use((redis) => redis.eval(PUSH, 1, this.#key, this.#capacity, text));
    if (length === 0) throw fullStore(this.name, `${this.#capacity} messages`);
  }

  consumer(name: string): StoreConsumer {
    const inHand = `${this.#key}:${name}`;
    let received: string | undefined;
    return {
      receive: async () => {
        const found = await this.#receive(inHand);
        received = found?.text;
        return found?.message;
      },
      // By its text: a node that stood still must not take away what another has in hand by now.
      acknowledge: async () => {
        const text = received;
        if (text !== undefined) await this.#use((redis) => redis.lrem(inHand, 1, text));
        received = undefined;
      },
      release: async (isOurs) => {
        received = undefined;
        if (!isOurs) return;
        try {
          await this.#use((redis) => redis.lmove(inHand, this.#key, "LEFT", "LEFT"));
        } catch (error) {
          if (!(error instanceof StoreFailure)) throw error;
          this.#log.warn(`A message in hand stays in the list ${inHand}: ${error.message}`);
        }
      },
    };
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  async #receive(inHand: string): Promise<Received | undefined> {
    for (;;) {
      const text = await this.#use(
        async (redis) =>
          (await redis.lindex(inHand, 0)) ??
          (await redis.lmove(this.#key, inHand, "LEFT", "RIGHT")),
      );
      if (text === null) return undefined;
      const message = decodeStored(text);
      if (message) return { text, message };
      await this.#putAside(inHand);
    }
  }

  async #putAside(inHand: string): Promise<void> {
    const aside = `${this.#key}:unreadable`;
    this.#log.error(
      `The message store ${this.name} holds a text that Bascule did not write; it is moved to the list ${aside}`,
    );
    await this.#use(async (redis) => {
      await redis.lmove(inHand, aside, "LEFT", "RIGHT");
      await redis.ltrim(aside, -UNREADABLE_MAX, -1);
    });
  }

  async #use<Result>(action: (redis: Redis) => Promise<Result>): Promise<Result> {
    return this.#connection.use(async (redis) => {
      try {
        return await action(redis);
      } catch (error) {
        if (redis.status === "end") this.#connection.forget();
        throw error;
      }
    });
  }
}

/** A broken connection ends at once; the next message makes a new one. */
async function connect(settings: RedisSettings): Promise<Redis> {
  const { host, port, username, password, database, tls } = settings;
  // Loaded where it is used first: most workers have no such store.
  const { Redis: Client } = await import("ioredis");
  const redis = new Client({
    host,
    port,
    db: database,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls ? { tls: {} } : {}),
    lazyConnect: true,
    connectTimeout: CONNECT_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  const failure = Promise.withResolvers<never>();
  // Also keeps a later failure from being an uncaught event.
  redis.on("error", (error: Error) => failure.reject(error));
  failure.promise.catch(() => undefined);
  await Promise.race([redis.connect(), failure.promise]);
  return redis;
}
