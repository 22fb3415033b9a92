/**
 * The store on hazelcast-client: the only file that calls the library. Proxies are made at the first use after a
 * connection, listeners are registered once (the client keeps them across lost connections; adding them again would
 * double the events), and every call is bounded by our own clock.
 */
import { Client, type IMap, type ITopic, LifecycleState } from "hazelcast-client";
import { messageOf } from "../../errors/app-error.ts";
import type { Log } from "../../observability/log.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Address } from "../member-address.ts";
import { within } from "./call-limit.ts";
import { clientLog } from "./client-log.ts";
import { clientConfig } from "./client-settings.ts";
import { FAREWELL_MS_MAX, RETRY_MS, STORE_SICK_MS } from "./hazelcast-timing.ts";
import type { Store, StoreEntry, StoreEvent, StoreMap, StoreTopic, StoreWatcher } from "./store.ts";

export interface StoreOptions {
  /** The name of the Hazelcast cluster. */
  readonly clusterName: string;
  readonly addresses: readonly Address[];
  readonly clientName: string;
  readonly log: Log;
  readonly clock: Clock;
}

/** Resolves at once; the connection is made in the background and told to the watcher. */
export async function openHazelcastStore(options: StoreOptions): Promise<Store> {
  const store = new HazelcastStore(options);
  await store.open();
  return store;
}

class HazelcastStore implements Store {
  readonly #options: StoreOptions;
  readonly #maps = new Map<string, HazelcastStoreMap>();
  readonly #topics = new Map<string, HazelcastStoreTopic>();
  #client: Client | undefined;
  #watcher: StoreWatcher | undefined;
  #isConnected = false;

  constructor(options: StoreOptions) {
    this.#options = options;
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  async open(): Promise<void> {
    const { log } = this.#options;
    const logger = clientLog(log, {
      refused: () => this.#watcher?.refused(),
      topicListenerEnded: () => {
        for (const topic of this.#topics.values()) topic.listenAgain();
      },
    });
    const config = clientConfig({
      ...this.#options,
      logger,
      onLifecycle: (state) => this.#onLifecycle(state),
      membershipListener: {
        memberAdded: () => {},
        memberRemoved: () => this.#watcher?.serverLost(),
      },
    });
    this.#client = await Client.newHazelcastClient(config);
  }

  watch(watcher: StoreWatcher): void {
    this.#watcher = watcher;
    if (this.#isConnected) watcher.connected();
  }

  map(name: string): StoreMap {
    const known = this.#maps.get(name);
    if (known) return known;
    const { clock } = this.#options;
    const map = new HazelcastStoreMap(clock, () => this.#running().getMap<string, Buffer>(name));
    this.#maps.set(name, map);
    return map;
  }

  topic(name: string): StoreTopic {
    const known = this.#topics.get(name);
    if (known) return known;
    const { clock } = this.#options;
    const topic = new HazelcastStoreTopic(clock, () =>
      this.#running().getReliableTopic<Buffer>(name),
    );
    this.#topics.set(name, topic);
    return topic;
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#watcher = undefined;
    this.#isConnected = false;
    for (const part of [...this.#maps.values(), ...this.#topics.values()]) part.close();
    if (!client) return;
    try {
      await within(this.#options.clock, FAREWELL_MS_MAX, client.shutdown());
    } catch (error) {
      this.#options.log.debug(`the Hazelcast client did not shut down: ${messageOf(error)}`);
    }
  }

  #running(): Client {
    if (this.#client && this.#isConnected) return this.#client;
    throw new Error("there is no connection to the Hazelcast cluster");
  }

  #onLifecycle(state: LifecycleState): void {
    if (state === LifecycleState.CONNECTED) {
      this.#isConnected = true;
      for (const part of [...this.#maps.values(), ...this.#topics.values()]) part.register();
      this.#watcher?.connected();
    } else if (state === LifecycleState.DISCONNECTED) {
      this.#isConnected = false;
      this.#watcher?.disconnected();
    }
  }
}

/** A listener that is registered once, as soon as that works. */
class Registration {
  readonly #clock: Clock;
  readonly #attempt: () => Promise<unknown>;
  #state: "open" | "running" | "done" = "open";

  constructor(clock: Clock, attempt: () => Promise<unknown>) {
    this.#clock = clock;
    this.#attempt = attempt;
  }

  /** Tries again by itself until it has worked or `close` was called. */
  run(): void {
    if (this.#state !== "open") return;
    this.#state = "running";
    void this.#attempt().then(
      () => (this.#state = "done"),
      () => {
        if (this.#state !== "running") return;
        this.#state = "open";
        this.#clock.after(RETRY_MS, () => this.run());
      },
    );
  }

  close(): void {
    this.#state = "done";
  }
}

/** A proxy that is asked for at its first use, and again when that failed. */
class Lazy<Proxy> {
  readonly #open: () => Promise<Proxy>;
  #proxy: Promise<Proxy> | undefined;

  constructor(open: () => Promise<Proxy>) {
    this.#open = open;
  }

  async get(): Promise<Proxy> {
    this.#proxy ??= this.#open();
    try {
      return await this.#proxy;
    } catch (error) {
      this.#proxy = undefined;
      throw error;
    }
  }
}

class HazelcastStoreMap implements StoreMap {
  readonly #clock: Clock;
  readonly #map: Lazy<IMap<string, Buffer>>;
  readonly #registrations: Registration[] = [];

  constructor(clock: Clock, open: () => Promise<IMap<string, Buffer>>) {
    this.#clock = clock;
    this.#map = new Lazy(async () => open());
  }

  set(key: string, value: Buffer, ttlMs: number): Promise<void> {
    return this.#call((map) => map.set(key, value, ttlMs));
  }

  async get(key: string, withinMs?: number): Promise<Buffer | undefined> {
    return (await this.#call((map) => map.get(key), withinMs)) ?? undefined;
  }

  async replace(key: string, expected: Buffer | undefined, next: Buffer): Promise<boolean> {
    if (expected) return this.#call((map) => map.replaceIfSame(key, expected, next));
    const present = await this.#call((map) => map.putIfAbsent(key, next));
    return present === null;
  }

  delete(key: string): Promise<void> {
    return this.#call((map) => map.delete(key));
  }

  keys(): Promise<readonly string[]> {
    return this.#call(async (map) => [...(await map.keySet())]);
  }

  entries(withinMs?: number): Promise<readonly StoreEntry[]> {
    return this.#call((map) => map.entrySet(), withinMs);
  }

  tryLock(key: string, leaseMs: number): Promise<boolean> {
    return this.#call((map) => map.tryLock(key, 0, leaseMs));
  }

  unlock(key: string): Promise<void> {
    return this.#call((map) => map.forceUnlock(key));
  }

  listen(handler: (event: StoreEvent) => void): void {
    const set = ({ key, value }: { key: string; value: Buffer }): void =>
      handler({ kind: "set", key, value });
    const registration = new Registration(this.#clock, async () => {
      const map = await this.#map.get();
      const removed = ({ key }: { key: string }): void => handler({ kind: "removed", key });
      await map.addEntryListener(
        { added: set, updated: set, merged: set, removed },
        undefined,
        true,
      );
    });
    this.#registrations.push(registration);
    registration.run();
  }

  register(): void {
    for (const registration of this.#registrations) registration.run();
  }

  close(): void {
    for (const registration of this.#registrations) registration.close();
  }

  #call<Value>(
    use: (map: IMap<string, Buffer>) => Promise<Value>,
    withinMs = STORE_SICK_MS,
  ): Promise<Value> {
    return within(this.#clock, withinMs, this.#map.get().then(use));
  }
}

class HazelcastStoreTopic implements StoreTopic {
  readonly #clock: Clock;
  readonly #topic: Lazy<ITopic<Buffer>>;
  readonly #handlers: ((value: Buffer) => void)[] = [];
  #registrations: Registration[] = [];

  constructor(clock: Clock, open: () => Promise<ITopic<Buffer>>) {
    this.#clock = clock;
    this.#topic = new Lazy(async () => open());
  }

  publish(value: Buffer): Promise<void> {
    const published = this.#topic.get().then((topic) => topic.publish(value));
    return within(this.#clock, STORE_SICK_MS, published);
  }

  listen(handler: (value: Buffer) => void): void {
    this.#handlers.push(handler);
    this.#add(handler);
  }

  /** The client gave up one of the listeners and does not say which: all are added again. */
  listenAgain(): void {
    this.close();
    this.#registrations = [];
    for (const handler of this.#handlers) this.#add(handler);
  }

  register(): void {
    for (const registration of this.#registrations) registration.run();
  }

  close(): void {
    for (const registration of this.#registrations) registration.close();
  }

  #add(handler: (value: Buffer) => void): void {
    const registration = new Registration(this.#clock, async () => {
      const topic = await this.#topic.get();
      topic.addMessageListener(({ messageObject }) => {
        // What a listener of the client throws would end the process.
        if (Buffer.isBuffer(messageObject)) handler(messageObject);
      });
    });
    this.#registrations.push(registration);
    registration.run();
  }
}
