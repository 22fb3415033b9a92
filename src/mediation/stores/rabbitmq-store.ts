/**
 * A message store in RabbitMQ (RabbitMQStore): a durable queue, declared where it does not exist, to which messages are
 * published persistently and with the broker's confirmation. A message in hand is not acknowledged until it
 * is done with, so the broker gives it to the next consumer when a node dies.
 */
import type { Channel, ChannelModel, ConfirmChannel } from "amqplib";
import { messageOf } from "../../errors/app-error.ts";
import type { Log } from "../../observability/log.ts";
import { CLOSE_MS, IdleConnection } from "./idle-connection.ts";
import { fullStore, type MessageStore, type StoreConsumer } from "./message-store.ts";
import type { RabbitMqSettings, StoreDefinition, StoreSurroundings } from "./store-definition.ts";
import { decodeStored, encodeStored, type StoredMessage } from "./stored-message.ts";

const CONNECT_MS = 5_000;
const HEARTBEAT_SECONDS = 30;
/** What amqplib says of a message that the broker does not take. */
const NACKED = "message nacked";

interface Link {
  readonly connection: ChannelModel;
  /** Breaks the connection. */
  readonly socket: AbortController;
  readonly publisher: ConfirmChannel;
}

export class RabbitMqStore implements MessageStore {
  readonly name: string;
  readonly isShared = true;
  readonly failoverStore: string | undefined;
  readonly #capacity: number;
  readonly #settings: RabbitMqSettings;
  readonly #log: Log;
  readonly #link: IdleConnection<Link>;

  constructor(
    definition: Pick<StoreDefinition, "name" | "capacity" | "failoverStore">,
    settings: RabbitMqSettings,
    around: StoreSurroundings,
  ) {
    this.name = definition.name;
    this.failoverStore = definition.failoverStore;
    this.#capacity = definition.capacity;
    this.#settings = settings;
    this.#log = around.log;
    this.#link = new IdleConnection({
      title: `message store ${this.name} (RabbitMQ at ${settings.host}:${settings.port})`,
      clock: around.clock,
      open: () => this.#open(),
      close: ({ connection }) => connection.close(),
      break: ({ socket }) => socket.abort(),
    });
  }

  async add(message: StoredMessage): Promise<void> {
    const { exchange, routeKey, queue } = this.#settings;
    const content = Buffer.from(encodeStored(message));
    const key = exchange === undefined ? queue : routeKey;
    const isTaken = await this.#link.use(async ({ publisher }) => {
      const { promise, resolve, reject } = Promise.withResolvers<boolean>();
      const gone = (): void => reject(new Error("the connection was closed"));
      publisher.once("close", gone);
      const options = { persistent: true, contentType: "application/json", messageId: message.id };
      publisher.publish(exchange ?? "", key, content, options, (refusal: unknown) => {
        // A channel that ends tells so here as well, which is no refusal of the broker.
        if (refusal && messageOf(refusal) !== NACKED) reject(refusal);
        else resolve(!refusal);
      });
      try {
        return await promise;
      } finally {
        publisher.off("close", gone);
      }
    });
    if (!isTaken) throw fullStore(this.name, `as many messages as the queue ${queue} takes`);
  }

  consumer(name: string): StoreConsumer {
    return new QueueConsumer({
      link: this.#link,
      queue: this.#settings.queue,
      log: this.#log,
      title: `${name} of message store ${this.name}`,
    });
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  async #open(): Promise<Link> {
    const { host, port, username, password, virtualHost, tls } = this.#settings;
    const socket = new AbortController();
    // net.connect and tls.connect get these as they are.
    const socketOptions = { timeout: CONNECT_MS, signal: socket.signal };
    const { connect } = await import("amqplib");
    const connection = await connect(
      {
        protocol: tls ? "amqps" : "amqp",
        hostname: host,
        port,
        username,
        password,
        vhost: virtualHost,
        heartbeat: HEARTBEAT_SECONDS,
      },
      socketOptions,
    );
    // What breaks is reported by the call that meets it.
    connection.on("error", () => undefined);
    connection.on("close", () => this.#link.forget());
    try {
      await this.#declare(connection);
      const publisher = await connection.createConfirmChannel();
      publisher.on("error", () => undefined);
      return { connection, socket, publisher };
    } catch (error) {
      await connection.close().catch(() => undefined);
      throw error;
    }
  }

  /** Declares what does not exist; what does is taken as it is. */
  async #declare(connection: ChannelModel): Promise<void> {
    const { queue, exchange, routeKey } = this.#settings;
    const limits = { "x-max-length": this.#capacity, "x-overflow": "reject-publish" };
    await declared(
      connection,
      (channel) => channel.checkQueue(queue),
      (channel) => channel.assertQueue(queue, { durable: true, arguments: limits }),
    );
    if (exchange === undefined) return;
    await declared(
      connection,
      (channel) => channel.checkExchange(exchange),
      (channel) => channel.assertExchange(exchange, "direct", { durable: true }),
    );
    await onChannel(connection, (channel) => channel.bindQueue(queue, exchange, routeKey));
  }
}

/** The broker closes a channel on which something was looked for in vain: each try has one of its own. */
async function declared(
  connection: ChannelModel,
  check: (channel: Channel) => Promise<unknown>,
  make: (channel: Channel) => Promise<unknown>,
): Promise<void> {
  try {
    await onChannel(connection, check);
  } catch (error) {
    if (!/NOT.FOUND/.test(messageOf(error))) throw error;
    await onChannel(connection, make);
  }
}

async function onChannel(
  connection: ChannelModel,
  action: (channel: Channel) => Promise<unknown>,
): Promise<void> {
  const channel = await connection.createChannel();
  channel.on("error", () => undefined);
  await action(channel);
  await channel.close();
}

interface ConsumerOptions {
  readonly link: IdleConnection<Link>;
  readonly queue: string;
  readonly log: Log;
  /** For the log. */
  readonly title: string;
}

type Taken = Exclude<Awaited<ReturnType<Channel["get"]>>, false>;

interface InHand {
  readonly channel: Channel;
  readonly taken: Taken;
  readonly message: StoredMessage;
}

/** One channel; when it breaks, the broker has the message in hand again. */
class QueueConsumer implements StoreConsumer {
  readonly #options: ConsumerOptions;
  #channel: Channel | undefined;
  #inHand: InHand | undefined;

  constructor(options: ConsumerOptions) {
    this.#options = options;
  }

  receive(): Promise<StoredMessage | undefined> {
    return this.#options.link.use(async ({ connection }) => {
      if (this.#inHand) return this.#inHand.message;
      const channel = (this.#channel ??= await this.#openChannel(connection));
      for (;;) {
        const taken = await channel.get(this.#options.queue);
        if (taken === false) return undefined;
        const message = decodeStored(taken.content.toString("utf8"));
        if (message) {
          this.#inHand = { channel, taken, message };
          return message;
        }
        this.#refuse(channel, taken);
      }
    });
  }

  acknowledge(): Promise<void> {
    return this.#options.link.use(async () => {
      const inHand = this.#inHand;
      this.#inHand = undefined;
      inHand?.channel.ack(inHand.taken);
    });
  }

  async release(): Promise<void> {
    this.#inHand = undefined;
    const channel = this.#channel;
    this.#channel = undefined;
    if (!channel) return;
    try {
      await this.#options.link.use(() => channel.close(), CLOSE_MS);
    } catch {
      // It was closed already, or the connection is broken now: the broker has the message again.
    }
  }

  async #openChannel(connection: ChannelModel): Promise<Channel> {
    const channel = await connection.createChannel();
    channel.on("error", () => undefined);
    channel.once("close", () => {
      if (this.#channel !== channel) return;
      this.#channel = undefined;
      this.#inHand = undefined;
    });
    return channel;
  }

  #refuse(channel: Channel, taken: Taken): void {
    const { title, queue, log } = this.#options;
    log.error(
      `${title}: the queue ${queue} holds a message that Bascule did not write; it goes to the queue's dead letter exchange if it has one, else it is lost`,
    );
    channel.nack(taken, false, false);
  }
}
