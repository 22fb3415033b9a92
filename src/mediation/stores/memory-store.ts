/**
 * The message store in memory (InMemoryStore) and the queues behind it. The queues outlive generations: the next
 * generation's store of the same name finds the messages that the last one left. Bounded by a number of messages
 * (parameter store.capacity) and by bytes.
 */
import { fullStore, type MessageStore, type StoreConsumer } from "./message-store.ts";
import { type StoredMessage, storedBytes } from "./stored-message.ts";

/** Messages of one store where store.capacity says nothing. */
export const MEMORY_STORE_CAPACITY = 100_000;
/** Most memory that the messages of one store take, in bytes. */
export const MEMORY_STORE_BYTES_MAX = 256 * 1024 * 1024;

/** Taken messages leave the front of the array; it is cut when so many have gone. */
const CUT_AT = 1_024;

/** A queue that gives from its front and takes back there. */
export class MessageQueue {
  #messages: StoredMessage[] = [];
  #front = 0;
  #bytes = 0;
  /** By consumer. */
  readonly #inHand = new Map<string, StoredMessage>();

  /** Those in hand included. */
  get size(): number {
    return this.#messages.length - this.#front + this.#inHand.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(message: StoredMessage): void {
    this.#messages.push(message);
    this.#bytes += storedBytes(message);
  }

  take(consumer: string): StoredMessage | undefined {
    const held = this.#inHand.get(consumer);
    if (held) return held;
    const message = this.#messages[this.#front];
    if (!message) return undefined;
    this.#front += 1;
    if (this.#front >= CUT_AT && this.#front * 2 >= this.#messages.length) this.#cut();
    this.#inHand.set(consumer, message);
    return message;
  }

  acknowledge(consumer: string): void {
    const message = this.#inHand.get(consumer);
    if (!message) return;
    this.#inHand.delete(consumer);
    this.#bytes -= storedBytes(message);
  }

  release(consumer: string): void {
    const message = this.#inHand.get(consumer);
    if (!message) return;
    this.#inHand.delete(consumer);
    this.#cut();
    this.#messages.unshift(message);
  }

  #cut(): void {
    this.#messages = this.#messages.slice(this.#front);
    this.#front = 0;
  }
}

/** The queues of a node, by the name of their store. */
export class MemoryQueues {
  readonly #queues = new Map<string, MessageQueue>();

  queue(store: string): MessageQueue {
    const known = this.#queues.get(store);
    if (known) return known;
    const queue = new MessageQueue();
    this.#queues.set(store, queue);
    return queue;
  }

  /** Forgets the queues of all other stores. @returns the names and sizes of those that held messages. */
  keepOnly(stores: ReadonlySet<string>): readonly (readonly [store: string, size: number])[] {
    const gone = [...this.#queues].filter(([name]) => !stores.has(name));
    for (const [name] of gone) this.#queues.delete(name);
    return gone.filter(([, { size }]) => size > 0).map(([name, { size }]) => [name, size]);
  }
}

export interface MemoryStoreOptions {
  readonly name: string;
  /** Most messages. */
  readonly capacity: number;
  readonly failoverStore: string | undefined;
  readonly queues: MemoryQueues;
}

export class MemoryStore implements MessageStore {
  readonly name: string;
  readonly isShared = false;
  readonly failoverStore: string | undefined;
  readonly #options: MemoryStoreOptions;

  constructor(options: MemoryStoreOptions) {
    this.name = options.name;
    this.failoverStore = options.failoverStore;
    this.#options = options;
  }

  get #queue(): MessageQueue {
    return this.#options.queues.queue(this.name);
  }

  async add(message: StoredMessage): Promise<void> {
    const queue = this.#queue;
    const { capacity } = this.#options;
    if (queue.size >= capacity) throw fullStore(this.name, `${capacity} messages`);
    if (queue.bytes >= MEMORY_STORE_BYTES_MAX)
      throw fullStore(this.name, `${MEMORY_STORE_BYTES_MAX} bytes`);
    queue.push(message);
  }

  consumer(name: string): StoreConsumer {
    return {
      receive: async () => this.#queue.take(name),
      acknowledge: async () => this.#queue.acknowledge(name),
      release: async () => this.#queue.release(name),
    };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
